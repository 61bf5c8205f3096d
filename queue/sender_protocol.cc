#include "queue/sender_protocol.h"

#include <charconv>

namespace limpet {
namespace {

constexpr Millis kAskAgain{24 * 3600 * 1000};

}  // namespace

uint64_t WrittenCounts::Samples() const {
  const uint64_t a = samples.value_or(0);
  const uint64_t b = histograms.value_or(0);
  return a + b < a ? UINT64_MAX : a + b;
}

std::optional<uint64_t> ParseWrittenCount(std::string_view text) {
  uint64_t count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return count;
}

std::string_view MessageName(WireProtocol protocol) {
  return protocol == WireProtocol::kV2 ? "io.prometheus.write.v2.Request"
                                       : "prometheus.WriteRequest";
}

SenderProtocol::SenderProtocol(RemoteWriteMessage configured)
    : auto_(configured == RemoteWriteMessage::kAuto),
      present_(configured == RemoteWriteMessage::kV1 ? WireProtocol::kV1 : WireProtocol::kV2),
      settled_(!auto_) {}

WireProtocol SenderProtocol::ForNextBatch(SteadyTime now) {
  if (auto_ && settled_ && present_ == WireProtocol::kV1 && (lost_ || now >= ask_at_)) {
    present_ = WireProtocol::kV2;
    settled_ = false;
    lost_ = false;
  }
  return present_;
}

ProtocolVerdict SenderProtocol::Refused(SteadyTime now) {
  if (!auto_) return ProtocolVerdict::kNotSpoken;
  present_ = WireProtocol::kV1;
  settled_ = true;
  lost_ = false;
  ask_at_ = now + kAskAgain;
  return ProtocolVerdict::kOtherProtocol;
}

ProtocolVerdict SenderProtocol::OnAnswerToV1(int status) {
  if (!auto_ || status != 415) return ProtocolVerdict::kByStatus;
  present_ = WireProtocol::kV2;
  settled_ = false;
  return ProtocolVerdict::kOtherProtocol;
}

ProtocolVerdict SenderProtocol::OnAnswer(WireProtocol protocol, int status,
                                         const WrittenCounts& written, uint64_t samples,
                                         SteadyTime now) {
  if (protocol == WireProtocol::kV1) return OnAnswerToV1(status);
  const bool taken = status >= 200 && status < 300;
  if (status == 415 || (taken && !written.any())) return Refused(now);
  const bool none_written = written.Samples() == 0;
  if (auto_ && !has_reported_ && none_written && samples > 0) {
    if (taken || (status == 400 && !settled_)) return Refused(now);
  }
  const bool partly = status == 400 && written.any() && (!none_written || has_reported_);
  if (!taken && !partly) return ProtocolVerdict::kByStatus;
  has_reported_ = has_reported_ || !none_written;
  // A late answer to what was sent before the protocol was changed does not change it back.
  if (present_ == WireProtocol::kV2) settled_ = true;
  return ProtocolVerdict::kWritten;
}

void SenderProtocol::OnNoAnswer() { lost_ = true; }

}  // namespace limpet
