#include "tests/scrape/plain_number.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace limpet {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string Printed(const char* format, int precision, double number) {
  char buffer[512];
  std::snprintf(buffer, sizeof buffer, format, precision, number);
  return buffer;
}

// [sign] digits [. digits] [e [sign] digits], with a digit in front of the e.
bool IsDecimal(const std::string& text) {
  size_t i = 0;
  size_t digits = 0;
  const auto skip_digits = [&] {
    const size_t begin = i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    return i - begin;
  };
  const auto skip_sign = [&] {
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
  };
  skip_sign();
  digits += skip_digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    digits += skip_digits();
  }
  if (digits == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    skip_sign();
    if (skip_digits() == 0) return false;
  }
  return i == text.size();
}

}  // namespace

std::optional<double> PlainFloat(const std::string& text) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "nan") return std::bit_cast<double>(uint64_t{0x7ff8000000000001});
  for (const char* name : {"inf", "infinity"}) {
    if (lower == name || lower == std::string("+") + name) return HUGE_VAL;
    if (lower == std::string("-") + name) return -HUGE_VAL;
  }
  if (!IsDecimal(text)) return std::nullopt;
  const double number = std::strtod(text.c_str(), nullptr);
  if (std::isinf(number)) return std::nullopt;
  return number;
}

std::optional<int64_t> PlainInteger(const std::string& text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), IsDigit)) return std::nullopt;
  errno = 0;
  const int64_t number = std::strtoll(text.c_str(), nullptr, 10);
  if (errno == ERANGE) return std::nullopt;
  return number;
}

std::string PlainBound(const std::string& text) {
  const std::optional<double> number = PlainFloat(text);
  if (!number) return text;
  if (std::isnan(*number)) return "NaN";
  if (std::isinf(*number)) return *number > 0 ? "+Inf" : "-Inf";
  if (*number == 0) return "0.0";
  int decimals = 0;
  while (std::strtod(Printed("%.*e", decimals, *number).c_str(), nullptr) != *number) ++decimals;
  const std::string scientific = Printed("%.*e", decimals, *number);
  const int exponent =
      static_cast<int>(std::strtol(scientific.c_str() + scientific.find('e') + 1, nullptr, 10));
  if (exponent < -4 || exponent >= 6) return scientific;
  const std::string fixed = Printed("%.*f", std::max(0, decimals - exponent), *number);
  return fixed.find('.') == std::string::npos ? fixed + ".0" : fixed;
}

}  // namespace limpet
