#include "queue/record.h"

#include <cassert>

#include "queue/crc32c.h"
#include "queue/record_bytes.h"

namespace limpet {
namespace {

void OverwriteFixed32(uint32_t value, size_t at, std::string& out) {
  for (int i = 0; i < 4; ++i) out[at + i] = static_cast<char>(value >> (8 * i));
}

}  // namespace

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string out(kSegmentMagic);
  PutFixed64(header.number, out);
  PutFixed64(static_cast<uint64_t>(header.created_ms), out);
  PutFixed32(MaskCrc(Crc32c(out)), out);
  assert(out.size() == kSegmentHeaderBytes);
  return out;
}

std::optional<SegmentHeader> ParseSegmentHeader(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes) return std::nullopt;
  const std::string_view covered = bytes.substr(0, kSegmentHeaderBytes - 4);
  ByteReader in(bytes);
  if (in.Take(kSegmentMagic.size()) != kSegmentMagic) return std::nullopt;
  SegmentHeader header;
  header.number = in.Fixed64();
  header.created_ms = static_cast<int64_t>(in.Fixed64());
  if (UnmaskCrc(in.Fixed32()) != Crc32c(covered)) return std::nullopt;
  if (header.created_ms > kTimeMsMax || header.created_ms < -kTimeMsMax) return std::nullopt;
  return header;
}

size_t BeginRecord(RecordType type, std::string& out) {
  const size_t begin = out.size();
  out.append(kRecordHeaderBytes - 1, '\0');
  out.push_back(static_cast<char>(type));
  return begin;
}

void EndRecord(size_t begin, std::string& out) {
  const size_t payload = out.size() - begin - kRecordHeaderBytes;
  assert(payload <= kRecordPayloadMax);
  OverwriteFixed32(static_cast<uint32_t>(payload), begin + 4, out);
  OverwriteFixed32(MaskCrc(Crc32c(std::string_view(out).substr(begin + 4))), begin, out);
}

RecordStatus ParseRecord(std::string_view bytes, RecordCheck check, Record& record,
                         size_t& needed) {
  needed = kRecordHeaderBytes;
  if (bytes.size() < kRecordHeaderBytes) return RecordStatus::kShort;
  ByteReader in(bytes);
  const uint32_t crc = UnmaskCrc(in.Fixed32());
  const uint32_t length = in.Fixed32();
  const uint8_t type = in.Byte();
  if (length > kRecordPayloadMax || type == 0) return RecordStatus::kBad;
  needed += length;
  if (bytes.size() < needed) return RecordStatus::kShort;
  if (check == RecordCheck::kChecksum && Crc32c(bytes.substr(4, length + 5)) != crc) {
    return RecordStatus::kBad;
  }
  record.type = static_cast<RecordType>(type);
  record.payload = bytes.substr(kRecordHeaderBytes, length);
  record.bytes = needed;
  return RecordStatus::kOk;
}

}  // namespace limpet
