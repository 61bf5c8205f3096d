// The fields of a protobuf message, one after the other and in place.
//
// Who calls it: readers of messages from outside; any thread, nothing is kept or allocated.
// Limits: a tag or a length has at most five bytes, a number ten; nothing reaches beyond the
// message. Groups, which the format has not had for long, are refused, so there is no depth.
// Source: https://protobuf.dev/programming-guides/encoding/
//
//   WireFields fields(message);
//   while (fields.Next()) {
//     if (fields.number() == 1 && fields.Is(WireType::kBytes)) Use(fields.bytes());
//   }
//   if (!fields.well_formed()) return "malformed";
#ifndef LIMPET_AGENT_SCRAPE_PROTOBUF_WIRE_H_
#define LIMPET_AGENT_SCRAPE_PROTOBUF_WIRE_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace limpet {

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Moves `p` behind a number of at most `bytes_max` bytes; bits beyond the 64th are dropped.
inline bool ReadWireVarint(const char*& p, const char* end, int bytes_max, uint64_t& value) {
  if (p != end && static_cast<unsigned char>(*p) < 0x80) {
    value = static_cast<unsigned char>(*p++);
    return true;
  }
  value = 0;
  const char* q = p;
  for (int i = 0; i < bytes_max && q != end; ++i) {
    const auto byte = static_cast<unsigned char>(*q++);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      p = q;
      return true;
    }
  }
  return false;
}

class WireFields {
 public:
  explicit WireFields(std::string_view message)
      : p_(message.data()), begin_(p_), end_(p_ + message.size()) {}

  // False at the end, and where the next field is not well formed.
  bool Next() {
    begin_ = p_;
    if (p_ == end_) return false;
    well_formed_ = Read();
    return well_formed_;
  }
  bool well_formed() const { return well_formed_; }

  uint32_t number() const { return number_; }
  bool Is(WireType type) const { return type_ == type; }
  uint64_t varint() const { return value_; }
  double fixed64() const { return std::bit_cast<double>(value_); }
  std::string_view bytes() const { return bytes_; }
  // From the field's tag to behind its last byte.
  const char* begin() const { return begin_; }
  const char* end() const { return p_; }

 private:
  static constexpr int kTagBytesMax = 5;
  static constexpr int kVarintBytesMax = 10;

  bool Read() {
    uint64_t tag = 0;
    if (!ReadWireVarint(p_, end_, kTagBytesMax, tag)) return false;
    number_ = static_cast<uint32_t>(tag >> 3);
    type_ = static_cast<WireType>(tag & 7);
    if (number_ == 0 || tag > UINT32_MAX) return false;
    switch (type_) {
      case WireType::kVarint:
        return ReadWireVarint(p_, end_, kVarintBytesMax, value_);
      case WireType::kFixed64:
        return Take(sizeof(uint64_t));
      case WireType::kFixed32:
        return Take(sizeof(uint32_t));
      case WireType::kBytes: {
        uint64_t size = 0;
        if (!ReadWireVarint(p_, end_, kTagBytesMax, size)) return false;
        if (size > static_cast<uint64_t>(end_ - p_)) return false;
        bytes_ = std::string_view(p_, size);
        p_ += size;
        return true;
      }
      default:
        return false;
    }
  }

  bool Take(size_t size) {
    if (static_cast<size_t>(end_ - p_) < size) return false;
    value_ = 0;
    std::memcpy(&value_, p_, size);
    p_ += size;
    return true;
  }

  const char* p_;
  const char* begin_;
  const char* end_;
  uint32_t number_ = 0;
  WireType type_ = WireType::kVarint;
  bool well_formed_ = true;
  uint64_t value_ = 0;
  std::string_view bytes_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_PROTOBUF_WIRE_H_
