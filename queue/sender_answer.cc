#include "queue/sender_answer.h"

#include <algorithm>
#include <iterator>

#include "agent/platform/http_credentials.h"
#include "agent/platform/utf8.h"

namespace limpet {
namespace {

// What a shorter header or query holds is no secret, but may well be a word of the answer.
constexpr size_t kHeaderSecretMin = 8;

// Standard alphabet; stops at the first character outside it.
std::string DecodeBase64(std::string_view text) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string decoded;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) break;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      decoded.push_back(static_cast<char>(bits >> count & 0xFF));
    }
  }
  return decoded;
}

void ReplaceAll(std::string& text, const std::string& what) {
  static constexpr std::string_view kBlot = "***";
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), kBlot);
    at += kBlot.size();
  }
}

// Where the text was cut off, a secret may have been too.
void CutBeginningOf(const std::string& secret, std::string& text) {
  constexpr size_t kTellingMin = 4;
  for (size_t size = std::min(secret.size(), text.size()); size >= kTellingMin; --size) {
    if (text.ends_with(std::string_view(secret).substr(0, size))) {
      return text.resize(text.size() - size);
    }
  }
}

}  // namespace

std::string DisplayUrl(const Url& url) {
  return url.scheme + "://" + url.HostHeader() + url.target.substr(0, url.target.find('?'));
}

std::vector<std::string> SecretsOf(const HttpClientConfig& http, const Url& url,
                                   HttpClientContext& context) {
  std::vector<std::string> secrets;
  const auto add = [&](std::string_view secret, size_t size_min) {
    if (secret.size() >= std::max<size_t>(size_min, 1)) secrets.emplace_back(secret);
  };
  if (http.authorization) add(http.authorization->credentials.Reveal(), 1);
  if (http.basic_auth) add(http.basic_auth->password.Reveal(), 1);
  if (http.oauth2) add(http.oauth2->client_secret.Reveal(), 1);
  for (const HttpHeader& header : http.headers) add(header.value, kHeaderSecretMin);
  for (const auto* headers : {&http.http_headers, &http.proxy.connect_headers}) {
    for (const HttpHeaderSource& header : *headers) {
      for (const std::string& value : header.values) add(value, kHeaderSecretMin);
      for (const Secret& secret : header.secrets) add(secret.Reveal(), 1);
    }
  }
  if (const size_t query = url.target.find('?'); query != std::string::npos) {
    add(std::string_view(url.target).substr(query + 1), kHeaderSecretMin);
  }
  for (const std::string& value : context.HeaderFileValues()) add(value, 1);
  const auto add_authorization = [&](std::string_view authorization) {
    const std::string_view credentials = authorization.substr(authorization.find(' ') + 1);
    add(credentials, 1);
    if (authorization.starts_with("Basic ")) {
      const std::string decoded = DecodeBase64(credentials);
      add(std::string_view(decoded).substr(decoded.find(':') + 1), 1);
    }
  };
  if (const auto authorization = context.Authorization()) add_authorization(*authorization);
  const auto proxy = context.proxies().For(url);
  if (proxy && *proxy != nullptr && !(*proxy)->credentials.empty()) {
    add_authorization(BasicAuthorization((*proxy)->credentials.Reveal()));
  }
  // The longest first: one may be part of another.
  std::sort(secrets.begin(), secrets.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return secrets;
}

void AnswerStart::Clear() {
  kept_.clear();
  read_ = 0;
}

bool AnswerStart::Add(std::string_view bytes) {
  kept_.append(bytes.substr(0, kKeptMax - kept_.size()));
  read_ += bytes.size();
  return read_ <= kReadMax;
}

bool AnswerStart::IsAboutTls() const {
  // Whole beginnings: the text of a receiver that names the sample it refuses can hold anything.
  static constexpr std::string_view kPages[] = {
      // nginx
      "<html>\r\n<head><title>400 The SSL certificate error</title>",
      "<html>\r\n<head><title>400 No required SSL certificate was sent</title>",
      "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title>",
      // Go's net/http
      "Client sent an HTTP request to an HTTPS server.",
  };
  return std::any_of(std::begin(kPages), std::end(kPages),
                     [&](std::string_view page) { return kept_.starts_with(page); });
}

std::string AnswerStart::Show(const std::vector<std::string>& secrets) const {
  std::string text = kept_;
  for (const std::string& secret : secrets) ReplaceAll(text, secret);
  for (const std::string& secret : secrets) CutBeginningOf(secret, text);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return ToValidUtf8(text, kShownMax);
}

}  // namespace limpet
