#include "queue/series_chunk.h"

#include <xxhash.h>

#include <atomic>
#include <cassert>
#include <utility>

#include "queue/wire.h"

namespace limpet {
namespace {

std::atomic<uint64_t> last_chunk_id{0};

bool TakeVarint(std::string_view& in, uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (in.empty()) return false;
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool TakeField(char tag, std::string_view& in, std::string_view& field) {
  if (in.empty() || in.front() != tag) return false;
  in.remove_prefix(1);
  uint64_t size = 0;
  if (!TakeVarint(in, size) || size > in.size()) return false;
  field = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

bool TakeLabel(std::string_view& in, std::string_view& name, std::string_view& value) {
  std::string_view label;
  return TakeField(kWireLabels, in, label) && TakeField(kWireName, label, name) &&
         TakeField(kWireString, label, value) && label.empty();
}

}  // namespace

bool IsEncodedLabels(std::string_view encoded) {
  std::string_view name;
  std::string_view value;
  std::string_view previous;
  while (!encoded.empty()) {
    if (!TakeLabel(encoded, name, value) || name <= previous) return false;
    previous = name;
  }
  return true;
}

bool NextLargeLabel(std::string_view& encoded, std::string_view& name, std::string_view& value) {
  return TakeLabel(encoded, name, value);
}

void SeriesChunk::Builder::BeginSeries() {
  starts_.push_back(static_cast<uint32_t>(bytes_.size()));
}

void SeriesChunk::Builder::AddLabel(std::string_view name, std::string_view value) {
  assert(!starts_.empty() && !name.empty());
  AppendLabel(name, value, bytes_);
}

std::shared_ptr<const SeriesChunk> SeriesChunk::Builder::Build() {
  bytes_.shrink_to_fit();
  starts_.shrink_to_fit();
  return std::shared_ptr<const SeriesChunk>(
      new SeriesChunk(std::exchange(bytes_, {}), std::exchange(starts_, {})));
}

SeriesChunk::SeriesChunk(std::string bytes, std::vector<uint32_t> starts)
    : id_(++last_chunk_id), bytes_(std::move(bytes)), starts_(std::move(starts)) {
  const uint64_t seed = XXH3_64bits(starts_.data(), starts_.size() * sizeof(uint32_t));
  content_hash_ = XXH3_64bits_withSeed(bytes_.data(), bytes_.size(), seed);
}

Result<std::shared_ptr<const SeriesChunk>> SeriesChunk::FromEncoded(std::string bytes,
                                                                    std::vector<uint32_t> starts) {
  if (!starts.empty() ? starts.front() != 0 : !bytes.empty()) {
    return Error{"series chunk: bytes before the first series"};
  }
  for (size_t i = 0; i < starts.size(); ++i) {
    const size_t end = i + 1 < starts.size() ? starts[i + 1] : bytes.size();
    if (starts[i] > end || end > bytes.size()) return Error{"series chunk: starts out of order"};
    if (!IsEncodedLabels(std::string_view(bytes).substr(starts[i], end - starts[i]))) {
      return Error{"series chunk: malformed labels of series " + std::to_string(i)};
    }
  }
  return std::shared_ptr<const SeriesChunk>(new SeriesChunk(std::move(bytes), std::move(starts)));
}

}  // namespace limpet
