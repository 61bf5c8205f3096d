// Selects series as PromQL does: NAME{label="value", other!="x", path=~"/api/.*", job!~"a|b"}.
//
// Who calls it: `limpet log dump`; any thread. Regular expressions are anchored, as everywhere
// (agent/relabel/anchored_regex.h). A label that a series does not have counts as empty. Names that
// are not [a-zA-Z_:][a-zA-Z0-9_:]* are quoted: {"strange.name", "a b"="c"}. Quotes are " or ' with
// \\ \" \' \n \t in them, or ` with nothing special in them.
// Limits: kMatcherTextMax bytes.
//
//   auto matcher = SeriesMatcher::Parse("up{job=~\"api|web\"}");
//   matcher->Matches(labels);
#ifndef LIMPET_QUEUE_SERIES_MATCHER_H_
#define LIMPET_QUEUE_SERIES_MATCHER_H_

#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/anchored_regex.h"
#include "agent/relabel/labels.h"

namespace limpet {

inline constexpr size_t kMatcherTextMax = 8 * 1024;

class SeriesMatcher {
 public:
  // The error says what was expected and where.
  static Result<SeriesMatcher> Parse(std::string_view text);
  bool Matches(const Labels& labels) const;

 private:
  enum class Kind { kEqual, kNotEqual, kMatch, kNotMatch };
  struct Condition {
    Kind kind;
    std::string name;
    std::string value;
    AnchoredRegex regex;
  };
  class Parser;

  std::vector<Condition> conditions_;  // all have to hold
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SERIES_MATCHER_H_
