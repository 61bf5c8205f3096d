#include "queue/record_section.h"

#include <algorithm>
#include <cstring>

namespace limpet {
namespace {

constexpr size_t kHashedBytes = 4;
constexpr int kSlotBits = 12;
// What a copy costs in bytes: two counts and, off the expected place, two more.
constexpr size_t kInPlaceMin = 4;
constexpr size_t kElsewhereMin = 6;

}  // namespace

size_t SectionWriter::SlotOf(size_t at) const {
  uint32_t bytes = 0;
  std::memcpy(&bytes, window_.data() + at, kHashedBytes);
  return bytes * 2654435761u >> (32 - kSlotBits);
}

void SectionWriter::Note(size_t at) {
  if (at + kHashedBytes <= window_.size()) slots_[SlotOf(at)] = static_cast<uint32_t>(at) + 1;
}

size_t SectionWriter::Common(size_t from, size_t at) const {
  const size_t size_max = std::min(at - from, window_.size() - at);
  size_t size = 0;
  while (size < size_max && window_[from + size] == window_[at + size]) ++size;
  return size;
}

SectionWriter::Copy SectionWriter::Find(size_t at, size_t expected) const {
  Copy best;
  if (expected < at) best = {expected, Common(expected, at)};
  if (best.size < kInPlaceMin) best.size = 0;
  if (at + kHashedBytes > window_.size()) return best;
  const size_t noted = slots_[SlotOf(at)];
  if (noted == 0 || noted - 1 == expected) return best;
  const size_t size = Common(noted - 1, at);
  if (size >= kElsewhereMin && size > best.size + 2) best = {noted - 1, size};
  return best;
}

void SectionWriter::Put(std::string_view before, std::string_view section, std::string& out) {
  PutVarint(section.size(), out);
  window_.assign(before).append(section);
  slots_.assign(size_t{1} << kSlotBits, 0);
  for (size_t i = 0; i < before.size(); ++i) Note(i);
  size_t literals = before.size();
  size_t expected = 0;  // where the bytes at `literals` may well have come from
  for (size_t at = literals; at < window_.size();) {
    const Copy copy = Find(at, expected + (at - literals));
    if (copy.size == 0) {
      Note(at++);
      continue;
    }
    expected += at - literals;
    PutString(std::string_view(window_).substr(literals, at - literals), out);
    PutVarint(copy.size, out);
    PutVarint(ZigZag(static_cast<int64_t>(copy.from) - static_cast<int64_t>(expected)), out);
    expected = copy.from + copy.size;
    for (const size_t end = at + copy.size; at < end; ++at) Note(at);
    literals = at;
  }
  if (literals < window_.size()) PutString(std::string_view(window_).substr(literals), out);
}

bool TakeSection(std::string_view before, std::string& section, ByteReader& in) {
  section.clear();
  const uint64_t size = in.Varint();
  if (!in.ok() || size > kSectionBytesMax) return false;
  uint64_t expected = 0;
  while (section.size() < size) {
    const std::string_view literals = in.String();
    if (!in.ok() || literals.size() > size - section.size()) return false;
    section.append(literals);
    if (section.size() == size) break;
    const uint64_t copied = in.Varint();
    const uint64_t from = expected + literals.size() + static_cast<uint64_t>(UnZigZag(in.Varint()));
    const uint64_t window = before.size() + section.size();
    if (!in.ok() || copied == 0 || copied > size - section.size() || from > window ||
        copied > window - from) {
      return false;
    }
    const uint64_t of_before = from < before.size() ? std::min(copied, before.size() - from) : 0;
    if (of_before > 0) section.append(before.substr(from, of_before));
    if (of_before < copied) {
      section.append(section, from + of_before - before.size(), copied - of_before);
    }
    expected = from + copied;
  }
  return true;
}

}  // namespace limpet
