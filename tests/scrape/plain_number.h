// Numbers of the exposition formats, the slow and obvious way.
//
// Who calls it: the plain reader that the product's parsers are held against; any thread.
// Source: Go's strconv.ParseFloat without hexadecimal and underscores, and strconv.FormatFloat with
// 'g' and the shortest digits; here by a look at each character, strtod and printf.
#ifndef LIMPET_TESTS_SCRAPE_PLAIN_NUMBER_H_
#define LIMPET_TESTS_SCRAPE_PLAIN_NUMBER_H_

#include <cstdint>
#include <optional>
#include <string>

namespace limpet {

// Nothing where the text is no number, or one too large.
std::optional<double> PlainFloat(const std::string& text);

// Digits alone, within 63 bits.
std::optional<int64_t> PlainInteger(const std::string& text);

// How `le` and `quantile` are spelled: "1" as "1.0"; what is no number as it is.
std::string PlainBound(const std::string& text);

}  // namespace limpet

#endif  // LIMPET_TESTS_SCRAPE_PLAIN_NUMBER_H_
