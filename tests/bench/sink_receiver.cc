#include "tests/bench/sink_receiver.h"

#include <sched.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "tests/bench/sink_body.h"

namespace limpet {
namespace {

constexpr size_t kOffencesKept = 5;
constexpr int64_t kBucketMs = 10;  // of the timeline
constexpr const char* kTypes[] = {"",        "counter", "gauge",   "histogram", "gaugehistogram",
                                  "summary", "info",    "stateset"};

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string Json(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

// Bit for bit: null is a staleness marker, a NaN that is not Prometheus' usual one is shown by its
// bits.
std::string JsonNumber(double value) {
  if (std::isnan(value)) {
    const auto bits = std::bit_cast<uint64_t>(value);
    if (bits == 0x7ff0000000000002) return "null";
    return bits == 0x7ff8000000000001 ? "\"NaN\"" : "\"bits " + std::to_string(bits) + '"';
  }
  if (value == 0 && std::signbit(value)) return "-0.0";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

std::string Header(const SinkRequest& request, const std::string& name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? "" : found->second;
}

// The protocol that the content type names; empty where it is neither of the two.
std::string Protocol(const std::string& content_type) {
  if (content_type == "application/x-protobuf" ||
      content_type == "application/x-protobuf;proto=prometheus.WriteRequest") {
    return "1.0";
  }
  return content_type == "application/x-protobuf;proto=io.prometheus.write.v2.Request" ? "2.0" : "";
}

void Sum(DecodedCounts& to, const DecodedCounts& more) {
  to.series += more.series;
  to.samples += more.samples;
  to.histograms += more.histograms;
  to.exemplars += more.exemplars;
  to.metadata += more.metadata;
}

}  // namespace

SinkReceiver::SinkReceiver(SinkOptions options)
    : options_(options), thread_([this] { DecodeWhatWaits(); }) {}

SinkReceiver::~SinkReceiver() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

SinkAnswer SinkReceiver::Refuse(Path& path, int status, std::string why) {
  ++path.refused;
  if (path.offences.size() < kOffencesKept) path.offences.push_back(why);
  return {status, "Content-Type: text/plain\r\n", why + "\n"};
}

SinkAnswer SinkReceiver::Write(SinkRequest request) {
  const std::string protocol = Protocol(Header(request, "content-type"));
  const bool second = protocol == "2.0";
  const int64_t now_ms = NowMs();
  std::unique_lock lock(mutex_);
  Path& path = paths_[request.path];
  ++path.requests;
  ++path.by_protocol[protocol.empty() ? "unknown" : protocol];
  if (second && options_.swallows_2) return {};
  if (protocol.empty() || (second ? !options_.takes_2 : !options_.takes_1)) {
    return Refuse(path, 415, "not taken: " + Header(request, "content-type"));
  }
  const std::string encoding = Header(request, "content-encoding");
  if (encoding == "zstd" && (options_.strict || !CanInflateZstd())) {
    return Refuse(path, 415, "not taken: zstd");
  }
  if (options_.strict) {
    const std::string version = Header(request, "x-prometheus-remote-write-version");
    if (version != (second ? "2.0.0" : "0.1.0")) return Refuse(path, 400, "version " + version);
    if (Header(request, "user-agent").empty()) return Refuse(path, 400, "no User-Agent");
  }
  if (!second && !options_.strict && waiting_bytes_ < kWaitingBytesMax) {
    waiting_bytes_ += request.body.size();
    waiting_.push_back({request.path, encoding, std::move(request.body), now_ms});
    changed_.notify_all();
    return {};
  }
  const auto version = second ? RemoteWriteVersion::k2 : RemoteWriteVersion::k1;
  if (const auto offence = Decode(version, encoding, request.body, now_ms)) {
    return Refuse(path, 400, *offence);
  }
  Sum(path.counts, decoder_.counts());
  Add(path, now_ms, request.body.size());
  path.timeline[now_ms / kBucketMs].first += decoder_.counts().samples;
  if (!second) return {};
  const std::string written = "X-Prometheus-Remote-Write-";
  return {204,
          written + "Samples-Written: " + std::to_string(decoder_.counts().samples) + "\r\n" +
              written + "Histograms-Written: " + std::to_string(decoder_.counts().histograms) +
              "\r\n" + written +
              "Exemplars-Written: " + std::to_string(decoder_.counts().exemplars) + "\r\n",
          ""};
}

RemoteWriteDecoder::Offence SinkReceiver::Decode(RemoteWriteVersion version,
                                                 const std::string& encoding,
                                                 const std::string& body, int64_t now_ms) {
  if (!InflateBody(encoding, body, kRequestBytesMax, inflated_)) return "the body does not inflate";
  if (!options_.strict) return decoder_.Count(version, inflated_);
  return decoder_.Strict(version, inflated_,
                         [&](const DecodedSeries& series) { Keep(series, now_ms); });
}

void SinkReceiver::Add(Path& path, int64_t at_ms, size_t body_bytes) {
  path.body_bytes += body_bytes;
  path.timeline[at_ms / kBucketMs].second += body_bytes;
}

void SinkReceiver::Keep(const DecodedSeries& series, int64_t now_ms) {
  std::string labels;
  for (const auto& [name, value] : series.labels) {
    labels += (labels.empty() ? "{" : ",") + Json(name) + ":" + Json(value);
  }
  Series& kept = series_[labels + "}"];
  for (const DecodedSample& sample : series.samples) {
    if (!kept.samples.empty()) {
      const int64_t last_ms = kept.samples.back().timestamp_ms;
      duplicates_ += sample.timestamp_ms == last_ms;
      out_of_order_ += sample.timestamp_ms < last_ms;
    }
    kept.samples.push_back(sample);
    kept.arrivals_ms.push_back(now_ms);
  }
  kept.type = series.type;
  kept.help = series.help;
  kept.unit = series.unit;
}

void SinkReceiver::DecodeWhatWaits() {
  const sched_param none{};
  sched_setscheduler(0, SCHED_IDLE, &none);
  RemoteWriteDecoder decoder;
  std::string inflated;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (ending_) return;
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    RemoteWriteDecoder::Offence offence;
    if (!InflateBody(next.encoding, next.body, kRequestBytesMax, inflated)) {
      offence = "the body does not inflate";
    } else {
      offence = decoder.Count(RemoteWriteVersion::k1, inflated);
    }
    lock.lock();
    waiting_bytes_ -= next.body.size();
    Path& path = paths_[next.path];
    if (offence) Refuse(path, 0, *offence);
    Sum(path.counts, decoder.counts());
    Add(path, next.at_ms, next.body.size());
    path.timeline[next.at_ms / kBucketMs].first += decoder.counts().samples;
  }
}

std::string SinkReceiver::StatsJson() {
  const std::lock_guard lock(mutex_);
  std::string out = "{\"waiting\":" + std::to_string(waiting_.size()) +
                    ",\"out_of_order\":" + std::to_string(out_of_order_) +
                    ",\"duplicates\":" + std::to_string(duplicates_) + ",\"paths\":{";
  const auto list = [](const auto& items, const auto& text) {
    std::string joined;
    for (const auto& item : items) joined += (joined.empty() ? "" : ",") + text(item);
    return joined;
  };
  out += list(paths_, [&](const auto& named) {
    const Path& path = named.second;
    return Json(named.first) + ":{\"requests\":" + std::to_string(path.requests) +
           ",\"refused\":" + std::to_string(path.refused) +
           ",\"body_bytes\":" + std::to_string(path.body_bytes) +
           ",\"series\":" + std::to_string(path.counts.series) +
           ",\"samples\":" + std::to_string(path.counts.samples) +
           ",\"histograms\":" + std::to_string(path.counts.histograms) +
           ",\"exemplars\":" + std::to_string(path.counts.exemplars) +
           ",\"metadata\":" + std::to_string(path.counts.metadata) + ",\"by_protocol\":{" +
           list(
               path.by_protocol,
               [](const auto& one) { return Json(one.first) + ":" + std::to_string(one.second); }) +
           "},\"offences\":[" + list(path.offences, [](const auto& one) { return Json(one); }) +
           "],\"timeline\":[" +
           list(path.timeline,
                [](const auto& one) {
                  return "[" + std::to_string(one.first * kBucketMs) + "," +
                         std::to_string(one.second.first) + "," +
                         std::to_string(one.second.second) + "]";
                }) +
           "]}";
  });
  return out + "}}";
}

std::string SinkReceiver::Export() {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [labels, series] : series_) {
    std::string values;
    std::string timestamps;
    std::string arrivals;
    for (size_t i = 0; i < series.samples.size(); ++i) {
      const char* comma = i == 0 ? "" : ",";
      values += comma + JsonNumber(series.samples[i].value);
      timestamps += comma + std::to_string(series.samples[i].timestamp_ms);
      arrivals += comma + std::to_string(series.arrivals_ms[i]);
    }
    out += "{\"metric\":" + labels + ",\"type\":\"" + kTypes[series.type] +
           "\",\"help\":" + Json(series.help) + ",\"unit\":" + Json(series.unit) + ",\"values\":[" +
           values + "],\"timestamps\":[" + timestamps + "],\"arrivals\":[" + arrivals + "]}\n";
  }
  return out;
}

}  // namespace limpet
