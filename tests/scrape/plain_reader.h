// What the plain readers of the two text formats have in common.
//
// Who calls it: plain_text.cc and plain_openmetrics.cc alone. A rule that is broken is a
// BrokenPage, thrown and caught there.
#ifndef LIMPET_TESTS_SCRAPE_PLAIN_READER_H_
#define LIMPET_TESTS_SCRAPE_PLAIN_READER_H_

#include <string>
#include <string_view>

#include "tests/scrape/plain_exposition.h"

namespace limpet {

struct BrokenPage {};

class PlainReader {
 public:
  explicit PlainReader(std::string_view page) : page_(page) {}

  bool AtEnd() const { return at_ == page_.size(); }
  bool At(std::string_view text) const { return page_.compare(at_, text.size(), text) == 0; }
  bool AtAny(const std::string& characters) const {
    return !AtEnd() && characters.find(page_[at_]) != std::string::npos;
  }
  char Take() {
    Need(!AtEnd());
    return page_[at_++];
  }
  void Take(std::string_view text) {
    Need(At(text));
    at_ += text.size();
  }
  bool TakeIf(std::string_view text) {
    if (!At(text)) return false;
    at_ += text.size();
    return true;
  }
  void SkipAny(const std::string& characters) {
    while (AtAny(characters)) ++at_;
  }
  // Up to one of the characters or the end.
  std::string TakeUntil(const std::string& characters) {
    std::string text;
    while (!AtEnd() && !AtAny(characters)) text += Take();
    return text;
  }
  // A name without quotes, which must not be empty.
  std::string TakeName(bool colons) {
    std::string name;
    for (;;) {
      if (AtEnd()) break;
      const char c = page_[at_];
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      const bool digit = c >= '0' && c <= '9' && !name.empty();
      if (!letter && !digit && !(colons && c == ':')) break;
      name += Take();
    }
    Need(!name.empty());
    return name;
  }

  static void Need(bool holds) {
    if (!holds) throw BrokenPage();
  }

 private:
  std::string page_;
  size_t at_ = 0;
};

std::string PlainUnescaped(const std::string& raw);
// Puts the name among them, spells `le` and `quantile`, checks all names and sorts.
PlainLabels PlainSeries(const std::string& name, const PlainLabels& raw, const std::string& type);

}  // namespace limpet

#endif  // LIMPET_TESTS_SCRAPE_PLAIN_READER_H_
