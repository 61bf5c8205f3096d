#include "discovery/api_error.h"

#include "discovery/json_object.h"

namespace limpet {
namespace {

constexpr size_t kMessageBytesMax = 512;

}  // namespace

std::string ShortApiMessage(std::string_view message) {
  if (message.size() <= kMessageBytesMax) return std::string(message);
  size_t end = kMessageBytesMax;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) --end;
  return std::string(message.substr(0, end)) + "...";
}

Error ApiError(int http_status, std::string& body) {
  Error error{"HTTP status " + std::to_string(http_status), http_status};
  rapidjson::Document document;
  if (ParseJsonObject(body, document)) {
    const std::string_view message = JsonStringAt(document, "message");
    if (!message.empty()) error.message += ": " + ShortApiMessage(message);
  }
  return error;
}

}  // namespace limpet
