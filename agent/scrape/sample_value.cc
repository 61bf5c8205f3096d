#include "agent/scrape/sample_value.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "queue/scrape_view.h"

namespace limpet {
namespace {

// Powers of ten that a double holds exactly. A mantissa below 2^53 times or divided by one of them
// rounds once, so the result is the nearest double (Clinger's fast path).
constexpr std::array<double, 23> kExactPowersOfTen = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

bool EndsToken(const char* p, const char* end) { return p == end || IsBlank(*p) || *p == '\n'; }

size_t TokenLength(const char* p, const char* end) {
  const char* q = p;
  while (!EndsToken(q, end)) ++q;
  return q - p;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

const char* ParseInfOrNan(const char* p, const char* end, double& value) {
  const std::string_view token(p, TokenLength(p, end));
  if (token.empty()) return nullptr;
  if (EqualsIgnoringCase(token, "nan")) {
    value = std::bit_cast<double>(kNormalNanBits);
    return p + token.size();
  }
  const bool is_signed = token[0] == '-' || token[0] == '+';
  const std::string_view name = token.substr(is_signed ? 1 : 0);
  if (!EqualsIgnoringCase(name, "inf") && !EqualsIgnoringCase(name, "infinity")) return nullptr;
  value = token[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  return p + token.size();
}

// from_chars does not say whether a number was too large or too small; strtod does.
const char* ParseOutOfRange(const char* p, const char* end, double& value) {
  const std::string token(p, TokenLength(p, end));
  value = std::strtod(token.c_str(), nullptr);
  return std::isinf(value) ? nullptr : p + token.size();
}

const char* ParseAnyDecimal(const char* p, const char* end, double& value) {
  const char* digits = *p == '+' ? p + 1 : p;
  const char* first = *digits == '-' ? digits + 1 : digits;
  if (first == end || !(IsDigit(*first) || *first == '.')) return nullptr;
  if (*p == '+' && first != digits) return nullptr;
  const auto [rest, error] = std::from_chars(digits, end, value, std::chars_format::general);
  if (error == std::errc::result_out_of_range && EndsToken(rest, end)) {
    return ParseOutOfRange(digits, end, value);
  }
  if (error != std::errc() || !EndsToken(rest, end)) return nullptr;
  return rest;
}

}  // namespace

const char* ParseSampleValue(const char* p, const char* end, double& value) {
  if (p == end) return nullptr;
  const char* q = p;
  const bool negative = *q == '-';
  if (negative || *q == '+') ++q;
  if (q == end) return nullptr;
  if (!IsDigit(*q) && *q != '.') return ParseInfOrNan(p, end, value);

  uint64_t mantissa = 0;
  const char* digits = q;
  while (q != end && IsDigit(*q)) mantissa = mantissa * 10 + (*q++ - '0');
  ptrdiff_t digit_count = q - digits;
  int exponent = 0;
  if (q != end && *q == '.') {
    digits = ++q;
    while (q != end && IsDigit(*q)) mantissa = mantissa * 10 + (*q++ - '0');
    digit_count += q - digits;
    exponent = -static_cast<int>(q - digits);
  }
  if (q != end && (*q == 'e' || *q == 'E')) {
    const char* e = q + 1;
    const bool negative_exponent = e != end && *e == '-';
    if (e != end && (*e == '-' || *e == '+')) ++e;
    int written = 0;
    const char* exponent_digits = e;
    while (e != end && IsDigit(*e) && e - exponent_digits < 4)
      written = written * 10 + (*e++ - '0');
    if (e == exponent_digits) return nullptr;
    exponent += negative_exponent ? -written : written;
    q = e;
  }
  // 15 digits are below 2^53 for certain; more may have overflowed above, and go the long way.
  if (digit_count == 0 || digit_count > 15 || exponent < -22 || exponent > 22 ||
      !EndsToken(q, end)) {
    return ParseAnyDecimal(p, end, value);
  }
  const double magnitude = exponent < 0
                               ? static_cast<double>(mantissa) / kExactPowersOfTen[-exponent]
                               : static_cast<double>(mantissa) * kExactPowersOfTen[exponent];
  value = negative ? -magnitude : magnitude;
  return q;
}

const char* ParseSampleTimestamp(const char* p, const char* end, int64_t& timestamp_ms) {
  if (p == end || !IsDigit(*p)) return nullptr;
  const auto [rest, error] = std::from_chars(p, end, timestamp_ms);
  if (error != std::errc() || !EndsToken(rest, end)) return nullptr;
  return rest;
}

std::string NormalizedFloatLabel(std::string_view text) {
  const char* end = text.data() + text.size();
  double number = 0;
  if (text.find_first_of(" \t\n") != std::string_view::npos ||
      ParseSampleValue(text.data(), end, number) != end) {
    return std::string(text);
  }
  return FloatLabel(number);
}

std::string FloatLabel(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  if (number == 0) return "0.0";  // -0 too, as in Prometheus
  std::array<char, 32> buffer;
  auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                               std::chars_format::scientific);
  std::string_view scientific(buffer.data(), written.ptr - buffer.data());
  const char* e = scientific.data() + scientific.find('e');
  int exponent = 0;
  std::from_chars(e[1] == '+' ? e + 2 : e + 1, written.ptr, exponent);
  // Where Go's 'g' with the shortest digits changes to an exponent.
  if (exponent < -4 || exponent >= 6) return std::string(scientific);
  written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
  std::string fixed(buffer.data(), written.ptr - buffer.data());
  if (fixed.find('.') == std::string::npos) fixed += ".0";
  return fixed;
}

}  // namespace limpet
