#include "discovery/record.h"

#include <cassert>

namespace limpet {

uint64_t RecordReader::Number() {
  uint64_t value = 0;
  for (int shift = 0; !rest_.empty() && shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

std::string_view RecordReader::Text() {
  const uint64_t size = Number();
  assert(size <= rest_.size());
  const std::string_view text = rest_.substr(0, size);
  rest_.remove_prefix(text.size());
  return text;
}

TextPairs RecordReader::Map() {
  TextPairs pairs(Number());
  for (auto& [key, value] : pairs) {
    key = Text();
    value = Text();
  }
  return pairs;
}

std::string RecordKey(std::string_view name_space, std::string_view name) {
  RecordWriter out;
  out.Text(name_space);
  out.Text(name);
  return out.Take();
}

std::string_view KeyOfRecord(std::string_view record) {
  RecordReader in(record);
  in.Text();
  const std::string_view name = in.Text();
  return record.substr(0, static_cast<size_t>(name.data() + name.size() - record.data()));
}

}  // namespace limpet
