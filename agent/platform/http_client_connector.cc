#include "agent/platform/http_client_connector.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "agent/platform/http_client_resolver.h"

namespace limpet {
namespace {

using boost::system::error_code;

constexpr Millis kAttemptMax = std::chrono::seconds(30);
constexpr Millis kAttemptMin = std::chrono::seconds(2);

std::string HostAndPort(const std::string& host, uint16_t port) {
  const bool v6 = host.find(':') != host.npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

class HttpClientConnector::State : public std::enable_shared_from_this<State> {
 public:
  State(EventLoop& loop, const std::string& host, uint16_t port, SteadyTime deadline, Done done)
      : loop_(loop), host_(host), port_(port), deadline_(deadline), done_(std::move(done)) {}

  void Start() {
    error_code not_numeric;
    boost::asio::ip::make_address(host_, not_numeric);
    if (not_numeric) return Resolve();
    addresses_.push_back(host_);
    Connect();
  }

  bool resolving() const { return addresses_.empty(); }

 private:
  void Resolve();
  void OnResolved(const Result<HostAddresses>& addresses);
  void Connect();
  void OnConnected(int error);
  void Fail(Error error) {
    // The caller may drop us from inside the call.
    const auto done = std::exchange(done_, nullptr);
    done(std::move(error));
  }

  EventLoop& loop_;
  const std::string host_;
  const uint16_t port_;
  const SteadyTime deadline_;
  Done done_;
  std::optional<Timer> attempt_timer_;
  std::vector<std::string> addresses_;
  size_t next_ = 0;
  std::shared_ptr<HttpClientStream> stream_;
  std::optional<Error> first_error_;
};

void HttpClientConnector::State::Resolve() {
  const auto weak = weak_from_this();
  ResolveHost(loop_, host_, weak, [weak](const Result<HostAddresses>& addresses) {
    if (const auto state = weak.lock()) state->OnResolved(addresses);
  });
}

void HttpClientConnector::State::OnResolved(const Result<HostAddresses>& addresses) {
  if (!addresses) return Fail(addresses.error());
  addresses_ = *addresses;
  Connect();
}

void HttpClientConnector::State::Connect() {
  stream_ = std::make_shared<HttpClientStream>(loop_);
  stream_->Connect(addresses_[next_], port_, [weak = weak_from_this()](int error) {
    if (const auto state = weak.lock()) state->OnConnected(error);
  });
  const auto left = static_cast<int>(addresses_.size() - next_);
  attempt_timer_.reset();
  if (left == 1) return;  // the last one may take what time there is
  Millis limit = kAttemptMax;
  if (deadline_ != SteadyTime::max()) {
    const auto time = std::chrono::duration_cast<Millis>(deadline_ - SystemClock().Now());
    limit = std::clamp(time / left, kAttemptMin, kAttemptMax);
  }
  attempt_timer_.emplace(loop_);
  attempt_timer_->After(limit, [weak = weak_from_this()] {
    if (const auto state = weak.lock()) state->OnConnected(ETIMEDOUT);
  });
}

void HttpClientConnector::State::OnConnected(int error) {
  attempt_timer_.reset();
  if (error == 0) {
    const auto done = std::exchange(done_, nullptr);
    return done(std::exchange(stream_, nullptr));
  }
  stream_.reset();
  if (!first_error_) {
    std::string what = "connect " + HostAndPort(host_, port_);
    if (addresses_[next_] != host_) what += " (" + addresses_[next_] + ")";
    first_error_ = ErrnoError(what, error);
  }
  if (++next_ == addresses_.size()) return Fail(*first_error_);
  Connect();
}

HttpClientConnector::HttpClientConnector(EventLoop& loop, const std::string& host, uint16_t port,
                                         SteadyTime deadline, Done done)
    : state_(std::make_shared<State>(loop, host, port, deadline, std::move(done))) {
  state_->Start();
}

HttpClientConnector::~HttpClientConnector() = default;

bool HttpClientConnector::resolving() const { return state_->resolving(); }

}  // namespace limpet
