// Which label sets somebody asks for: a selector of PromQL, read as Prometheus reads it.
//
// Who calls it: web/; any thread.
// Limits: those of a request's head. A matcher on a label that is not there sees an empty value,
// and one matcher at least must not match that.
//
//   auto selector = LabelSelector::Parse(R"({job="api",instance=~"10\\..*"})");
//   if (selector && selector->Matches(labels)) ...
#ifndef LIMPET_AGENT_WEB_LABEL_SELECTOR_H_
#define LIMPET_AGENT_WEB_LABEL_SELECTOR_H_

#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/anchored_regex.h"
#include "agent/relabel/labels.h"

namespace limpet {

class LabelSelector {
 public:
  static Result<LabelSelector> Parse(std::string_view text);
  bool Matches(const Labels& labels) const;

 private:
  struct Matcher {
    std::string name;
    std::string value;
    bool negated = false;
    bool is_regex = false;
    AnchoredRegex regex;
    bool Matches(std::string_view of_label) const;
  };
  class Reader;
  std::vector<Matcher> matchers_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_LABEL_SELECTOR_H_
