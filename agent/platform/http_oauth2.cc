#include "agent/platform/http_oauth2.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <string_view>
#include <utility>

#include "agent/platform/http_client_context.h"
#include "agent/platform/http_credentials.h"
#include "agent/platform/http_target.h"
#include "agent/platform/logging.h"

namespace limpet {
namespace {

constexpr size_t kAnswerBytesMax = 64 * 1024;
constexpr Millis kFetchMax{10'000};
constexpr Millis kRetryMin{1'000};
constexpr Millis kRetryMax{30'000};
constexpr Millis kRenewMin{10'000};
constexpr Millis kMarginMax{10'000};   // before its expiry a token is not used any more
constexpr Millis kRefreshMax{60'000};  // and that much before a new one is fetched
constexpr int64_t kLifetimeSecondsMax = 10ll * 365 * 24 * 3600;

struct Token {
  std::string access_token;
  std::string type;
  int64_t expires_in_seconds = 0;  // 0: not told
};

std::string TextAt(const rapidjson::Document& document, const char* name) {
  const auto member = document.FindMember(name);
  if (member == document.MemberEnd() || !member->value.IsString()) return {};
  return {member->value.GetString(), member->value.GetStringLength()};
}

int64_t Seconds(std::string_view text) {
  int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::clamp<int64_t>(seconds, 0, kLifetimeSecondsMax);
}

bool ParseObject(const std::string& text, rapidjson::Document& document) {
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      text.data(), text.size());
  return !document.HasParseError() && document.IsObject();
}

// JSON, or a form where the content type says so, as some older servers answer.
Result<Token> ParseToken(const HttpAnswer& answer) {
  Token token;
  const std::string& type = answer.content_type;
  if (type.starts_with("application/x-www-form-urlencoded") || type.starts_with("text/plain")) {
    token.access_token = QueryParameter(answer.body, "access_token");
    token.type = QueryParameter(answer.body, "token_type");
    token.expires_in_seconds = Seconds(QueryParameter(answer.body, "expires_in"));
  } else {
    rapidjson::Document document;
    if (!ParseObject(answer.body, document)) return Error{"the answer is not a JSON object"};
    token.access_token = TextAt(document, "access_token");
    token.type = TextAt(document, "token_type");
    if (document.HasMember("expires_in") && document["expires_in"].IsNumber()) {
      token.expires_in_seconds = static_cast<int64_t>(
          std::clamp(document["expires_in"].GetDouble(), 0.0, double(kLifetimeSecondsMax)));
    } else {
      token.expires_in_seconds = Seconds(TextAt(document, "expires_in"));
    }
  }
  if (token.access_token.empty()) return Error{"the answer has no access_token"};
  const auto not_visible = [](char c) { return c <= 0x20 || c == 0x7f; };
  if (std::any_of(token.access_token.begin(), token.access_token.end(), not_visible) ||
      std::any_of(token.type.begin(), token.type.end(), not_visible)) {
    return Error{"the token has spaces, control characters or bytes beyond ASCII in it"};
  }
  if (token.type.empty() || token.type == "bearer") token.type = "Bearer";
  return token;
}

// The error code where it is one of RFC 6749, 5.2: other text could be anything.
std::string ErrorCode(const std::string& body) {
  rapidjson::Document document;
  if (!ParseObject(body, document)) return {};
  const std::string code = TextAt(document, "error");
  for (const char* known : {"invalid_request", "invalid_client", "invalid_grant",
                            "unauthorized_client", "unsupported_grant_type", "invalid_scope"}) {
    if (code == known) return " (" + code + ")";
  }
  return {};
}

std::string FormEncoded(const std::string& text) {
  return EncodeQuery({{"", text}}).substr(1);  // without the '='
}

}  // namespace

std::shared_ptr<OAuth2TokenSource> OAuth2TokenSource::For(EventLoop& loop,
                                                          const OAuth2Config& config) {
  static std::mutex mutex;
  static std::vector<std::pair<const EventLoop*, std::weak_ptr<OAuth2TokenSource>>> sources;
  const std::lock_guard lock(mutex);
  std::erase_if(sources, [](const auto& entry) { return entry.second.expired(); });
  for (const auto& [its_loop, weak] : sources) {
    if (its_loop != &loop) continue;
    auto source = weak.lock();
    if (source != nullptr && source->config_ == config) return source;
  }
  auto source = std::make_shared<OAuth2TokenSource>(loop, config);
  sources.emplace_back(&loop, source);
  return source;
}

OAuth2TokenSource::OAuth2TokenSource(EventLoop& loop, OAuth2Config config, const Clock& clock)
    : loop_(loop),
      config_(std::move(config)),
      clock_(clock),
      collector_(kAnswerBytesMax,
                 [this](Result<HttpAnswer> answer) { OnAnswer(std::move(answer)); }) {
  if (!config_.client_secret_file.empty()) {
    secret_file_.emplace("client_secret_file", config_.client_secret_file);
  }
}

OAuth2TokenSource::~OAuth2TokenSource() = default;

Result<const std::string*> OAuth2TokenSource::Header() {
  const SteadyTime now = clock_.Now();
  const bool holds = !header_.empty() && now < expires_at_;
  if (holds && now >= refresh_at_ && !fetching_ && MayFetch(now)) Fetch();
  if (holds) return &header_;
  if (!fetching_ && !MayFetch(now)) return error_;
  return nullptr;
}

void OAuth2TokenSource::Wait(std::function<void()> ready) {
  waiting_.push_back(std::move(ready));
  if (!fetching_) Fetch();
}

bool OAuth2TokenSource::Renew(uint64_t version) {
  if (version != version_) return true;
  const SteadyTime now = clock_.Now();
  if (now - fetched_at_ < kRenewMin || !MayFetch(now)) return false;
  header_.clear();
  return true;
}

void OAuth2TokenSource::Fetch() {
  fetching_ = true;
  in_body_ = works_in_body_.value_or(false);
  HttpClientConfig client;
  client.tls = config_.tls;
  client.proxy = config_.proxy;
  client.follow_redirects = false;
  connection_ =
      std::make_unique<HttpConnection>(HttpClientContext::Create(loop_, client), config_.token_url);
  auto request = MakeRequest(in_body_);
  if (!request) {
    // Whoever waits is told later, as for every other end.
    loop_.Post([weak = weak_from_this(), error = request.error()] {
      if (const auto source = weak.lock()) source->Finish(error);
    });
    return;
  }
  connection_->Start(*std::move(request), SystemClock().Now() + kFetchMax, collector_);
}

Result<HttpRequest> OAuth2TokenSource::MakeRequest(bool in_body) {
  std::string secret = config_.client_secret.Reveal();
  if (secret_file_) {
    auto read = secret_file_->Read();
    if (!read) return read.error();
    secret = **read;
  }
  std::vector<std::pair<std::string, std::string>> form = config_.endpoint_params;
  form.emplace_back("grant_type", "client_credentials");
  if (!config_.scopes.empty()) {
    std::string scopes;
    for (const std::string& scope : config_.scopes) {
      if (!scopes.empty()) scopes += ' ';
      scopes += scope;
    }
    form.emplace_back("scope", std::move(scopes));
  }
  HttpRequest request;
  request.method = "POST";
  request.target = config_.token_url.target;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"},
                     {"User-Agent", "limpet/" LIMPET_VERSION}};
  if (in_body) {
    form.emplace_back("client_id", config_.client_id);
    if (!secret.empty()) form.emplace_back("client_secret", secret);
  } else {
    // Encoded as a form first (RFC 6749, 2.3.1).
    request.headers.push_back({"Authorization", BasicAuthorization(FormEncoded(config_.client_id) +
                                                                   ":" + FormEncoded(secret))});
  }
  request.body = EncodeQuery(std::move(form));
  return request;
}

void OAuth2TokenSource::OnAnswer(Result<HttpAnswer> answer) {
  if (!answer) return Finish(answer.error());
  const bool refused = answer->status >= 400 && answer->status < 500;
  if (refused && !works_in_body_ && !in_body_) {
    in_body_ = true;
    if (auto request = MakeRequest(true)) {
      connection_->Start(*std::move(request), SystemClock().Now() + kFetchMax, collector_);
      return;
    }
  }
  Finish(Accept(*answer));
}

Result<void> OAuth2TokenSource::Accept(const HttpAnswer& answer) {
  if (answer.status < 200 || answer.status > 299) {
    return Error{"HTTP status " + std::to_string(answer.status) + ErrorCode(answer.body)};
  }
  auto token = ParseToken(answer);
  if (!token) return token.error();
  works_in_body_ = in_body_;
  header_ = token->type + " " + token->access_token;
  ++version_;
  const SteadyTime now = clock_.Now();
  fetched_at_ = now;
  refresh_at_ = expires_at_ = SteadyTime::max();
  if (token->expires_in_seconds > 0) {
    const Millis lifetime(token->expires_in_seconds * 1000);
    expires_at_ = now + lifetime - std::min(kMarginMax, lifetime / 10);
    refresh_at_ = now + lifetime - std::min(kRefreshMax, lifetime / 4);
  }
  return {};
}

void OAuth2TokenSource::Finish(const Result<void>& result) {
  const auto self = shared_from_this();  // whoever is called may drop the last other owner
  fetching_ = false;
  connection_.reset();
  if (result) {
    failures_ = 0;
    error_ = Error();
    next_fetch_at_ = SteadyTime();
  } else {
    const Millis wait = std::min(kRetryMax, kRetryMin * (1 << std::min(failures_, 5)));
    next_fetch_at_ = clock_.Now() + wait;
    error_ =
        Error{"oauth2 token from " + config_.token_url.Origin() + ": " + result.error().message,
              result.error().code};
    if (failures_++ == 0) LogWarn("no OAuth2 token can be had", {{"error", error_.message}});
  }
  const auto waiting = std::exchange(waiting_, {});
  for (const auto& ready : waiting) ready();
}

}  // namespace limpet
