#include "queue/wire.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace limpet {

bool ReadVarint(std::string_view& bytes, uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < kVarintBytesMax && i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool ReadDelimited(std::string_view& bytes, std::string_view& content) {
  uint64_t size = 0;
  if (!ReadVarint(bytes, size) || size > bytes.size()) return false;
  content = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

void WireBuffer::Grow(size_t bytes) {
  constexpr size_t kFirst = 16 * 1024;
  const size_t capacity = std::max({kFirst, capacity_ + capacity_ / 2, size_ + bytes});
  auto memory = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(memory.get(), memory_.get(), size_);
  memory_ = std::move(memory);
  capacity_ = capacity;
}

void WireBuffer::Release() {
  memory_.reset();
  size_ = 0;
  capacity_ = 0;
}

void AppendLabel(std::string_view name, std::string_view value, std::string& out) {
  const size_t size =
      2 + VarintSize(name.size()) + name.size() + VarintSize(value.size()) + value.size();
  out.push_back(kWireLabels);
  AppendVarint(size, out);
  AppendField(kWireName, name, out);
  AppendField(kWireString, value, out);
}

void OuterLabels::Add(const Label& label, bool external) {
  if (label.value.empty()) return;
  AppendLabel(label.name, label.value, bytes_);
  starts_.push_back(static_cast<uint32_t>(bytes_.size()));
  names_.push_back(label.name);
  values_.push_back(label.value);
  external_.push_back(external);
  // Lengths in front, so that no two lists of names look alike whatever is in the names.
  AppendField(external ? 'e' : 't', label.name, shape_);
}

void OuterLabels::Set(const Labels& target, const Labels& external) {
  bytes_.clear();
  starts_.resize(1);
  names_.clear();
  values_.clear();
  external_.clear();
  shape_.clear();
  auto t = target.begin();
  auto e = external.begin();
  while (t != target.end() || e != external.end()) {
    if (e == external.end() || (t != target.end() && t->name <= e->name)) {
      Add(*t++, false);
    } else {
      Add(*e++, true);
    }
  }
  shape_hash_ = XXH3_64bits(shape_.data(), shape_.size());
}

}  // namespace limpet
