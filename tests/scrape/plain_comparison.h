// Reads a page with the product's parsers and layouts and with the plain readers.
//
// Who calls it: the test and the fuzzer of the parsers; any thread.
#ifndef LIMPET_TESTS_SCRAPE_PLAIN_COMPARISON_H_
#define LIMPET_TESTS_SCRAPE_PLAIN_COMPARISON_H_

#include <string>

#include "agent/scrape/page_format.h"

namespace limpet {

// What they give that is not the same, to the bit; empty where there is nothing.
std::string ParserDifference(const Page& page);
// The same of a layout built for the page, or of one that was built for another and takes the page.
std::string LayoutDifference(const Page& page, const Page& page_before);

}  // namespace limpet

#endif  // LIMPET_TESTS_SCRAPE_PLAIN_COMPARISON_H_
