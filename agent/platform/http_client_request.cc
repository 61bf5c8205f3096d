#include "agent/platform/http_client_request.h"

#include <strings.h>

#include <algorithm>

#include "agent/platform/utf8.h"

namespace limpet {
namespace {

bool IsToken(std::string_view text) {
  const auto is_token_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool IsTarget(std::string_view text) {
  return text.starts_with('/') &&
         std::none_of(text.begin(), text.end(), [](char c) { return IsControl(c) || c == ' '; });
}

bool IsFieldValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return IsControl(c) && c != '\t'; });
}

// Fields that say where the message ends and who it is for are ours alone.
bool IsOwnField(const std::string& name) {
  for (const char* own : {"Host", "Content-Length", "Transfer-Encoding", "Connection"}) {
    if (strcasecmp(name.c_str(), own) == 0) return true;
  }
  return false;
}

}  // namespace

Result<void> WriteRequestHead(const HttpRequest& request, std::string_view prefix,
                              std::string_view host, std::string& out) {
  if (!IsToken(request.method)) return Error{"request: the method is not a token"};
  if (!IsTarget(request.target)) {
    return Error{"request: the target must start with / and have no spaces or control characters"};
  }
  out.clear();
  out.append(request.method).append(" ").append(prefix).append(request.target);
  out.append(" HTTP/1.1\r\nHost: ");
  out.append(host).append("\r\n");
  for (const HttpHeader& header : request.headers) {
    if (!IsToken(header.name)) return Error{"request: a header's name is not a token"};
    if (!IsFieldValue(header.value)) {
      return Error{"request: header " + header.name +
                   " contains a line break or control character"};
    }
    if (IsOwnField(header.name)) {
      return Error{"request: header " + header.name + " cannot be set from outside"};
    }
    out.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  if (!request.body.empty() || request.method != "GET") {
    out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  return {};
}

}  // namespace limpet
