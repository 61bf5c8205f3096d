#include "queue/record_values.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>

namespace limpet {
namespace {

// The scales' places in this list are part of the format. The last two are for byte counts that
// move by pages.
constexpr std::array<double, 12> kScales = {1,   1e1, 1e2, 1e3, 1e4,        1e5,
                                            1e6, 1e7, 1e8, 1e9, 1.0 / 1024, 1.0 / 4096};
constexpr size_t kDecimalScales = 10;

// Odd first bytes are operations; below kOpXor they choose a scale. Even ones begin a difference.
constexpr uint8_t kOpXor = 16;
constexpr uint8_t kOpRaw = 17;
constexpr uint8_t OpByte(size_t op) { return static_cast<uint8_t>(op << 1 | 1); }

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

// Writer and reader must agree on it, so it rounds by a library call that no compiler fuses with
// the multiplication.
int64_t ScaledInteger(double value, double scale) {
  const double scaled = value * scale;
  if (!(std::fabs(scaled) < 0x1p53)) return 0;  // NaN and infinities, too
  return std::llrint(scaled);
}

struct Difference {
  bool exact = false;
  uint64_t zigzag = 0;
};

Difference DifferenceAt(double value, double previous, double scale) {
  const double scaled = value * scale;
  if (!(std::fabs(scaled) < 0x1p53)) return {};
  const int64_t integer = std::llrint(scaled);
  if (Bits(static_cast<double>(integer) / scale) != Bits(value)) return {};
  return {true, ZigZag(integer - ScaledInteger(previous, scale))};
}

// What a choice costs: the scale in force is free, another takes a byte.
struct Choice {
  size_t scale = 0;
  Difference difference;
  size_t bytes = SIZE_MAX;

  void Consider(size_t candidate, size_t in_force, double value, double before) {
    const Difference d = DifferenceAt(value, before, kScales[candidate]);
    if (!d.exact) return;
    const size_t cost =
        candidate == in_force ? VarintBytes(d.zigzag << 1) : 1 + VarintBytes(d.zigzag);
    if (cost < bytes) *this = {candidate, d, cost};
  }
};

Choice Choose(size_t in_force, double value, double before) {
  Choice choice;
  choice.Consider(in_force, in_force, value, before);
  if (choice.bytes <= 2) return choice;
  if (value == std::trunc(value)) {
    for (size_t candidate : {size_t{0}, kDecimalScales, kDecimalScales + 1}) {
      if (candidate != in_force) choice.Consider(candidate, in_force, value, before);
    }
    return choice;
  }
  // The first decimal scale that gives the value back is the smallest number.
  for (size_t candidate = 1; candidate < kDecimalScales; ++candidate) {
    if (candidate == in_force && choice.difference.exact) break;
    const size_t bytes = choice.bytes;
    choice.Consider(candidate, in_force, value, before);
    if (choice.bytes != bytes) break;
  }
  return choice;
}

void PutDifferingBits(uint64_t bits, uint64_t before, std::string& out) {
  const uint64_t differing = bits ^ before;
  const int lead = std::countl_zero(differing) / 8;
  const int trail = std::countr_zero(differing) / 8;
  const int bytes = 8 - lead - trail;
  if (bytes >= 7) {
    out.push_back(static_cast<char>(OpByte(kOpRaw)));
    PutFixed64(bits, out);
    return;
  }
  out.push_back(static_cast<char>(OpByte(kOpXor)));
  out.push_back(static_cast<char>(lead << 4 | bytes));
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(differing >> (8 * (trail + i))));
  }
}

bool TakeDifferingBits(ByteReader& in, double& value) {
  const uint8_t shape = in.Byte();
  const int lead = shape >> 4;
  const int bytes = shape & 15;
  if (bytes == 0 || lead + bytes > 8) return false;
  const int trail = 8 - lead - bytes;
  value = std::bit_cast<double>(Bits(value) ^ (in.Fixed(bytes) << (8 * trail)));
  return in.ok();
}

bool ApplyDifference(uint64_t zigzag, size_t scale, double& value) {
  const auto base = static_cast<uint64_t>(ScaledInteger(value, kScales[scale]));
  const auto integer = static_cast<int64_t>(base + static_cast<uint64_t>(UnZigZag(zigzag)));
  value = static_cast<double>(integer) / kScales[scale];
  return true;
}

bool DecodeChanged(size_t& scale, double& value, ByteReader& in) {
  const uint64_t first = in.Varint();
  if ((first & 1) == 0) return in.ok() && ApplyDifference(first >> 1, scale, value);
  const uint64_t op = first >> 1;
  if (op < kScales.size()) {
    scale = op;
    const uint64_t zigzag = in.Varint();
    return in.ok() && ApplyDifference(zigzag, scale, value);
  }
  if (op == kOpXor) return TakeDifferingBits(in, value);
  if (op != kOpRaw) return false;
  value = std::bit_cast<double>(in.Fixed64());
  return in.ok();
}

}  // namespace

void EncodeValues(std::span<const double> values, std::span<const uint32_t> series,
                  std::span<double> previous, std::string& out) {
  const size_t bitmap = out.size();
  out.append((values.size() + 7) / 8, '\0');
  size_t scale = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    double& before = previous[series.empty() ? i : series[i]];
    if (Bits(values[i]) == Bits(before)) continue;
    out[bitmap + i / 8] = static_cast<char>(out[bitmap + i / 8] | 1 << (i % 8));
    const Choice choice = Choose(scale, values[i], before);
    if (!choice.difference.exact) {
      PutDifferingBits(Bits(values[i]), Bits(before), out);
    } else if (choice.scale == scale) {
      PutVarint(choice.difference.zigzag << 1, out);
    } else {
      scale = choice.scale;
      out.push_back(static_cast<char>(OpByte(scale)));
      PutVarint(choice.difference.zigzag, out);
    }
    before = values[i];
  }
}

bool DecodeValues(size_t count, std::span<const uint32_t> series, std::span<double> previous,
                  ByteReader& in) {
  const std::string_view bitmap = in.Take((count + 7) / 8);
  if (!in.ok()) return false;
  size_t scale = 0;
  for (size_t i = 0; i < count; ++i) {
    if ((static_cast<uint8_t>(bitmap[i / 8]) >> (i % 8) & 1) == 0) continue;
    if (!DecodeChanged(scale, previous[series.empty() ? i : series[i]], in)) return false;
  }
  return true;
}

}  // namespace limpet
