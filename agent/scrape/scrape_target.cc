#include "agent/scrape/scrape_target.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "agent/platform/gzip.h"
#include "agent/platform/logging.h"

namespace limpet {
namespace {

constexpr size_t kErrorBodyBytesMax = 64 * 1024;  // read only to keep the connection
constexpr size_t kInflatedBytesKept = 4u << 20;
constexpr size_t kErrorTextBytesMax = 1024;
constexpr int64_t kSnapMsMax = 2;
constexpr auto kTooLargeText = "body size limit exceeded";
constexpr uint64_t kReservedBytesMin = 256 * 1024;
constexpr uint64_t kReservedBytesMax = 4u << 20;

// A large body of known length gets its memory in one piece: one that grows leaves holes behind,
// which many at the same time make into megabytes. Small ones get a pooled buffer.
void ReserveBody(std::string& body, uint64_t length) {
  if (length < kReservedBytesMin) return;
  body.reserve(static_cast<size_t>(std::min(length, kReservedBytesMax)));
}

}  // namespace

struct ScrapeTarget::Exchange {
  SteadyTime started;
  int64_t timestamp_ms = 0;
  size_t page_bytes_max = 0;
  ContentCoding coding = ContentCoding::kIdentity;
  Result<PageFormat> format = PageFormat::kPrometheusText;
  uint64_t length = 0;  // of the body, where it is known
  std::string body;
  size_t discarded = 0;
  Error refusal;  // with a text: what is wrong with the answer
  bool refused() const { return !refusal.message.empty(); }
  // As sent: gzip makes what cannot be compressed a little longer.
  size_t body_bytes_max() const {
    return coding == ContentCoding::kIdentity ? page_bytes_max
                                              : page_bytes_max + page_bytes_max / 1000 + 1024;
  }
};

ScrapeTarget::ScrapeTarget(ScrapeContext& context, std::shared_ptr<ScrapeJob> job, TargetSpec spec,
                           CompactLabels discovered, std::shared_ptr<const LayoutScope> scope)
    : context_(context),
      job_(std::move(job)),
      url_(std::move(spec.url)),
      interval_(spec.interval),
      timeout_(spec.timeout),
      histograms_(spec.histograms),
      discovered_(std::move(discovered)),
      series_(std::move(scope), spec.labels) {}

ScrapeTarget::~ScrapeTarget() {
  if (exchange_ != nullptr) context_.bodies.Release(std::move(exchange_->body));
}

int64_t ScrapeTarget::TimestampFor(const Tick& tick) const {
  int64_t timestamp_ms = tick.wall_ms;
  if (tick.grid_ms != Tick::kOffGrid) {
    const int64_t tolerance_ms = std::min(kSnapMsMax, interval_.count() / 100);
    const bool snaps = std::abs(tick.wall_ms - tick.grid_ms) <= tolerance_ms;
    if (snaps && tick.grid_ms > series_.last_timestamp_ms()) timestamp_ms = tick.grid_ms;
  }
  // Within a millisecond or two of an older record: that of this target, or the markers of one that
  // has just vanished and may have had the same series.
  int64_t taken_ms = series_.last_timestamp_ms();
  if (series_.active() == 0) taken_ms = std::max(taken_ms, context_.writer.last_marker_ms);
  if (timestamp_ms <= taken_ms && taken_ms - timestamp_ms <= kSnapMsMax) return taken_ms + 1;
  return timestamp_ms;
}

bool ScrapeTarget::OnTick(const Tick& tick) {
  if (context_.may_scrape && !context_.may_scrape()) return true;
  if (exchange_ != nullptr) return false;
  exchange_ = std::make_unique<Exchange>();
  exchange_->started = tick.now;
  exchange_->timestamp_ms = TimestampFor(tick);
  exchange_->page_bytes_max = job_->page_bytes_max(context_.page_bytes_max);
  if (!job_->refusal().empty()) {
    Finish(Error{job_->refusal()});
  } else if (auto admitted = context_.writer.memory.AdmitScrape(series_.has_page()); !admitted) {
    Finish(admitted);
    series_.ForgetPageIfScarce(context_.writer);
  } else {
    StartRequest(tick.now);
  }
  return true;
}

void ScrapeTarget::StartRequest(SteadyTime now) {
  const auto& client = job_->Client(context_.loop);
  if (connection_ == nullptr || client_ != client) {
    connection_ = std::make_unique<HttpConnection>(client, url_);
    client_ = client;
  }
  connection_->Start(job_->NewRequest(url_.target, timeout_), now + timeout_, *this);
}

bool ScrapeTarget::OnHead(const HttpResponseHead& head) {
  Exchange& exchange = *exchange_;
  if (head.status() != 200) {
    exchange.refusal = Error{"server returned HTTP status " + HttpStatusText(head.status())};
    return true;
  }
  exchange.format = FormatOf(head.Field("Content-Type"), job_->config().fallback_scrape_protocol);
  auto coding = ParseContentCoding(head.Field("Content-Encoding"));
  if (!coding) {
    exchange.refusal = coding.error();
    return true;
  }
  exchange.coding = *coding;
  exchange.length = head.content_length().value_or(0);
  if (exchange.length > exchange.body_bytes_max()) {
    exchange.refusal = Error{kTooLargeText};
    return false;
  }
  return true;
}

bool ScrapeTarget::OnBody(std::string_view bytes) {
  Exchange& exchange = *exchange_;
  context_.body_bytes_total += bytes.size();
  if (exchange.refused()) {
    exchange.discarded += bytes.size();
    return exchange.discarded <= kErrorBodyBytesMax;
  }
  if (bytes.size() > exchange.body_bytes_max() - exchange.body.size()) {
    exchange.refusal = Error{kTooLargeText};
    return false;
  }
  if (exchange.body.empty()) ReserveBody(exchange.body, exchange.length);
  context_.writer.memory.OnBytes(bytes.size(), context_.bodies);
  if (!context_.bodies.Append(exchange.body, bytes)) {
    exchange.refusal = Error{"too many bytes of scrapes under way (" +
                             std::to_string(context_.bodies.bytes_max() >> 20) + " MiB)"};
    return false;
  }
  return true;
}

void ScrapeTarget::OnDone(const Result<void>& result) { Finish(result); }

Result<Page> ScrapeTarget::PageOf(Exchange& exchange, int64_t& page_bytes) {
  std::string_view text = exchange.body;
  if (exchange.coding == ContentCoding::kGzip) {
    auto inflated = InflateGzip(exchange.body, exchange.page_bytes_max, context_.inflated);
    if (!inflated && inflated.error().code == EMSGSIZE) return Error{kTooLargeText};
    if (!inflated) return inflated.error();
    text = context_.inflated;
  }
  page_bytes = static_cast<int64_t>(text.size());
  // As in Prometheus, nothing is nothing in any format.
  if (text.empty()) return Page(text);
  if (!exchange.format) return exchange.format.error();
  return Page(text, *exchange.format);
}

void ScrapeTarget::Finish(const Result<void>& result) {
  // From here on the next scrape may start, and the buffers go back in any case.
  const std::unique_ptr<Exchange> exchange = std::move(exchange_);
  Result<void> outcome = exchange->refused() ? Result<void>(exchange->refusal) : result;
  PageCounts counts;
  std::shared_ptr<const Layout> layout;
  int64_t page_bytes = !outcome && outcome.error().message == kTooLargeText ? -1 : 0;
  if (outcome) {
    auto page = PageOf(*exchange, page_bytes);
    if (!page) {
      outcome = page.error();
      if (outcome.error().message == kTooLargeText) page_bytes = -1;
    } else {
      auto read = series_.ReadPage(context_.writer, *page, job_->config().sample_limit, counts);
      if (read) {
        layout = *read;
      } else {
        outcome = read.error();
      }
    }
  }

  const double seconds =
      std::chrono::duration<double>(context_.clock.Now() - exchange->started).count();
  const ScrapeFacts facts{exchange->timestamp_ms,
                          context_.clock.WallMs(),
                          seconds,
                          page_bytes,
                          std::chrono::duration<double>(timeout_).count(),
                          job_->config().sample_limit};
  if (layout != nullptr) {
    series_.AppendPage(context_.writer, layout, facts);
  } else {
    series_.AppendFailure(context_.writer, counts, facts);
  }
  // Only now: exemplars are read from the page when they are appended.
  context_.bodies.Release(std::move(exchange->body));
  if (context_.inflated.capacity() > kInflatedBytesKept) std::string().swap(context_.inflated);
  SetOutcome(outcome, exchange->timestamp_ms, seconds);
}

void ScrapeTarget::SetOutcome(const Result<void>& outcome, int64_t timestamp_ms, double seconds) {
  ++context_.scrapes_total;
  if (!outcome) ++context_.scrapes_failed_total;
  context_.scrape_seconds.Observe(seconds);
  last_scrape_ms_ = timestamp_ms;
  last_scrape_duration_seconds_ = seconds;
  const TargetHealth before = health_;
  health_ = outcome ? TargetHealth::kUp : TargetHealth::kDown;
  last_error_ = outcome ? "" : outcome.error().message.substr(0, kErrorTextBytesMax);
  if (outcome && before == TargetHealth::kDown) {
    LogInfo("target is up again",
            {{"job", job_->config().job_name}, {"address", url_.HostHeader()}});
  } else if (!outcome && before == TargetHealth::kUp) {
    LogWarn(
        "scrape failed",
        {{"job", job_->config().job_name}, {"address", url_.HostHeader()}, {"error", last_error_}});
  } else if (!outcome && before == TargetHealth::kUnknown) {
    // A new pod often has an address before it listens.
    LogDebug(
        "first scrape failed",
        {{"job", job_->config().job_name}, {"address", url_.HostHeader()}, {"error", last_error_}});
  }
}

void ScrapeTarget::ShowTo(const std::function<void(const TargetStatus&)>& function) const {
  const Labels discovered = discovered_.Expand();
  function(TargetStatus{job_->config().job_name, discovered, series_.labels(), url_.ToString(),
                        health_, last_error_, last_scrape_ms_, last_scrape_duration_seconds_,
                        interval_, timeout_});
}

void ScrapeTarget::Suspend() {
  connection_ = nullptr;
  if (exchange_ != nullptr) context_.bodies.Release(std::move(exchange_->body));
  exchange_ = nullptr;
  series_.HandOver();
  health_ = TargetHealth::kUnknown;
  last_error_.clear();
}

void ScrapeTarget::TakeOver(ScrapeTarget& predecessor) {
  series_.TakeOver(predecessor.series_);
  health_ = predecessor.health_;
  last_error_ = predecessor.last_error_;
  last_scrape_ms_ = predecessor.last_scrape_ms_;
  last_scrape_duration_seconds_ = predecessor.last_scrape_duration_seconds_;
}

}  // namespace limpet
