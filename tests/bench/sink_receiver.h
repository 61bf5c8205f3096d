// What a remote-write receiver makes of requests: counts them by path, checks them, keeps samples.
//
// Who calls it: the sink's server, from one thread; a second thread of its own decodes what can
// wait, at the lowest priority, so that counting takes nothing from the agent that is measured.
// Limits: bodies that wait take at most kWaitingBytesMax, beyond that each is decoded at once; a
// body inflates to at most kRequestBytesMax.
#ifndef LIMPET_TESTS_BENCH_SINK_RECEIVER_H_
#define LIMPET_TESTS_BENCH_SINK_RECEIVER_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/remote_write_decoder.h"

namespace limpet {

struct SinkOptions {
  bool takes_1 = true;
  bool takes_2 = true;
  bool swallows_2 = false;  // 204 to 2.0 without having understood it, as VictoriaMetrics does
  bool strict = false;      // every rule is checked, an offence answered with 400; samples are kept
};

struct SinkRequest {
  std::string path;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

struct SinkAnswer {
  int status = 204;
  std::string headers;  // whole lines
  std::string body;
};

class SinkReceiver {
 public:
  static constexpr size_t kWaitingBytesMax = 2u << 30;
  static constexpr size_t kRequestBytesMax = 256u << 20;

  explicit SinkReceiver(SinkOptions options);
  ~SinkReceiver();
  SinkReceiver(const SinkReceiver&) = delete;
  SinkReceiver& operator=(const SinkReceiver&) = delete;

  SinkAnswer Write(SinkRequest request);
  std::string StatsJson();
  // One line a series, as VictoriaMetrics exports them, and the metadata of its last request.
  std::string Export();

 private:
  struct Path {
    uint64_t requests = 0;
    uint64_t refused = 0;
    uint64_t body_bytes = 0;
    DecodedCounts counts;
    std::map<std::string, uint64_t> by_protocol;
    std::vector<std::string> offences;
    std::map<int64_t, std::pair<uint64_t, uint64_t>> timeline;  // 10 ms -> samples, body bytes
  };
  struct Series {
    std::vector<DecodedSample> samples;
    std::vector<int64_t> arrivals_ms;  // one a sample
    uint64_t type = 0;
    std::string help;
    std::string unit;
  };
  struct Waiting {
    std::string path;
    std::string encoding;
    std::string body;
    int64_t at_ms = 0;
  };

  SinkAnswer Refuse(Path& path, int status, std::string why);
  RemoteWriteDecoder::Offence Decode(RemoteWriteVersion version, const std::string& encoding,
                                     const std::string& body, int64_t now_ms);
  void Add(Path& path, int64_t at_ms, size_t body_bytes);
  void Keep(const DecodedSeries& series, int64_t now_ms);
  void DecodeWhatWaits();

  const SinkOptions options_;
  std::mutex mutex_;  // of all below but decoders, which belong to their threads
  std::condition_variable changed_;
  bool ending_ = false;
  size_t waiting_bytes_ = 0;
  std::deque<Waiting> waiting_;
  std::map<std::string, Path> paths_;
  std::map<std::string, Series> series_;  // by their labels as JSON
  uint64_t out_of_order_ = 0;
  uint64_t duplicates_ = 0;
  RemoteWriteDecoder decoder_;
  std::string inflated_;
  std::thread thread_;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_BENCH_SINK_RECEIVER_H_
