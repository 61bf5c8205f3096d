#include "queue/sender_counts.h"

#include <algorithm>

namespace limpet {
namespace {

std::string NameOf(LeftOut reason) {
  switch (reason) {
    case LeftOut::kTooOld:
      return "too_old";
    case LeftOut::kRelabelled:
      return "write_relabel";
    case LeftOut::kHistogramsNotEnabled:
      return "histograms_not_enabled";
    case LeftOut::kCustomBuckets:
      return "nhcb_in_rw1_not_supported";
    case LeftOut::kExemplarsNotEnabled:
      return "exemplars_not_enabled";
  }
  return "unknown";
}

}  // namespace

WireContents ContentsFor(const RemoteWriteConfig& config, WireProtocol protocol) {
  const bool v2 = protocol == WireProtocol::kV2;
  return {v2 || config.send_native_histograms, v2, config.send_exemplars};
}

WireCounts operator-(const WireCounts& a, const WireCounts& b) {
  return {a.samples - b.samples, a.histograms - b.histograms, a.exemplars - b.exemplars};
}

WireCounts CountsWritten(const WrittenCounts& written, const Batch& batch) {
  return {std::min(written.Samples(), batch.samples),
          std::min(written.histograms.value_or(0), batch.histograms),
          std::min(written.exemplars.value_or(0), batch.exemplars)};
}

void CountRetried(const Batch& batch, ReceiverStatus& status) {
  status.samples_retried_total += batch.samples;
  status.histograms.retried_total += batch.histograms;
  status.exemplars.retried_total += batch.exemplars;
}

void CountTaken(const Batch& batch, const WireCounts& taken, ReceiverStatus& status) {
  status.samples_sent_total += taken.samples;
  status.histograms.sent_total += taken.histograms;
  status.exemplars.sent_total += taken.exemplars;
  CountFailed(batch.counts() - taken, status);
}

void CountFailed(const WireCounts& failed, ReceiverStatus& status) {
  status.histograms.failed_total += failed.histograms;
  status.exemplars.failed_total += failed.exemplars;
}

void CountLeftOut(LeftOut reason, const WireCounts& counts, SenderHealth& health,
                  ReceiverStatus& status) {
  const std::string name = NameOf(reason);
  if (counts.samples > 0 && reason == LeftOut::kTooOld) {
    health.Dropped(name, counts.samples, "");
  } else if (counts.samples > 0) {
    status.samples_dropped_total[name] += counts.samples;
  }
  if (counts.histograms > 0) status.histograms.dropped_total[name] += counts.histograms;
  if (counts.exemplars > 0) status.exemplars.dropped_total[name] += counts.exemplars;
}

}  // namespace limpet
