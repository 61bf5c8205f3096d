// Prometheus' anchored expressions: RE2 compiled as ^(?s:...)$, with Go's expansion of templates.
//
// Who calls it: config/ compiles, relabelling matches; any thread (matching is const and safe).
// Limits: 4 MiB of compiled program and automata an expression; RE2 matches in linear time.
// Where it differs from Go: a text that is not UTF-8 is matched by no `.` and no class (Prometheus
// refuses such values before they are relabelled); "(.*)" alone takes any bytes.
//
//   auto regex = AnchoredRegex::Compile("(\\d+)\\.(?P<rest>.*)");
//   std::string out;
//   regex->MatchAndExpand("10.x", "${rest}-$1", out);    // "x-10"
#ifndef LIMPET_AGENT_RELABEL_ANCHORED_REGEX_H_
#define LIMPET_AGENT_RELABEL_ANCHORED_REGEX_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace limpet {

// An expression compiled as ^(?s:...)$; compares by its text.
class AnchoredRegex {
 public:
  // What one match found: group 0 is the whole text; a group that took no part is empty.
  using Groups = std::vector<std::string_view>;

  // Matches anything: the default "(.*)".
  AnchoredRegex();
  // The error is RE2's reason.
  static Result<AnchoredRegex> Compile(const std::string& text);
  bool Matches(std::string_view text) const;
  // The groups are views into `text`. False, and `groups` in no particular state, where it does not
  // match.
  bool Match(std::string_view text, Groups& groups) const;
  // Appends the template with $1, ${1}, $name, ${name}, $$ replaced as Go's Regexp.Expand does
  // ($1_x is the group named "1_x", unknown groups are empty, a $ that begins no name stays).
  void Expand(const Groups& groups, std::string_view replacement, std::string& out) const;
  // Match and Expand; appends nothing where it does not match.
  bool MatchAndExpand(std::string_view text, std::string_view replacement, std::string& out) const;
  // The default "(.*)", which needs no matching: group 1 is the text.
  bool IsMatchAll() const { return kind_ == Kind::kAll; }
  const std::string& text() const { return text_; }
  friend bool operator==(const AnchoredRegex& a, const AnchoredRegex& b) {
    return a.text_ == b.text_;
  }

 private:
  // Most rules are "(.*)" or a plain word: neither needs RE2, in time or in memory.
  enum class Kind : char { kAll, kLiteral, kRe2 };

  std::string text_;
  Kind kind_ = Kind::kAll;
  std::shared_ptr<const re2::RE2> regex_;  // of kRe2
};

}  // namespace limpet

#endif  // LIMPET_AGENT_RELABEL_ANCHORED_REGEX_H_
