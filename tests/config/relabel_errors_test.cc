// What relabel rules refuse: expressions, names, and what does not go with an action.
#include <doctest/doctest.h>

#include "tests/config/config_errors.h"

namespace limpet {

TEST_CASE("errors: relabel rules") {
  const ErrorCase cases[] = {
      {"scrape_configs: [{job_name: a, relabel_configs: [x]}]",
       "1:50: scrape_configs[0].relabel_configs[0]: expected a mapping, found text\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [~]}]",
       "1:49: scrape_configs[0].relabel_configs[0]: expected a mapping, found nothing\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{}]}]",
       "1:50: scrape_configs[0].relabel_configs[0]: action replace needs target_label\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{target_label: \"\"}]}]",
       "1:50: scrape_configs[0].relabel_configs[0]: action replace needs target_label\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{target_label: a, regex: \"(a\"}]}]",
       "1:75: scrape_configs[0].relabel_configs[0].regex: not a regular expression of RE2: missing "
       "): (a\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{target_label: a, regex: \"[b-a]\"}]}]",
       "1:75: scrape_configs[0].relabel_configs[0].regex: not a regular expression of RE2: invalid "
       "character class range: b-a\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{target_label: a, regex: \"a(?=b)\"}]}]",
       "1:75: scrape_configs[0].relabel_configs[0].regex: not a regular expression of RE2: invalid "
       "perl operator: (?=\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{target_label: a, regex: [a]}]}]",
       "1:75: scrape_configs[0].relabel_configs[0].regex: expected text, found a list\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{target_label: a, action: copy}]}]",
       "1:76: scrape_configs[0].relabel_configs[0].action: unknown action \"copy\"; expected one "
       "of replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, "
       "lowercase, uppercase\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{target_label: a, source_labels: b}]}]",
       "1:83: scrape_configs[0].relabel_configs[0].source_labels: expected a list, found text\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{target_label: a, source_labels: [b, "
       "\"\", [c]]}]}]",
       "1:87: scrape_configs[0].relabel_configs[0].source_labels[1]: expected a label name\n"
       "1:91: scrape_configs[0].relabel_configs[0].source_labels[2]: expected a label name, found "
       "a list\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{target_label: a, modulus: x}]}]",
       "1:77: scrape_configs[0].relabel_configs[0].modulus: expected a whole number from 0, found "
       "\"x\"\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: hashmod, target_label: a}]}]",
       "1:50: scrape_configs[0].relabel_configs[0]: action hashmod needs modulus\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: hashmod, target_label: a, "
       "modulus: 0}]}]",
       "1:94: scrape_configs[0].relabel_configs[0].modulus: must be greater than 0\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: hashmod, modulus: 2}]}]",
       "1:50: scrape_configs[0].relabel_configs[0]: action hashmod needs target_label\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: keepequal, source_labels: "
       "[a]}]}]",
       "1:50: scrape_configs[0].relabel_configs[0]: action keepequal needs target_label\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: dropequal, source_labels: [a], "
       "target_label: b, regex: x, separator: y}]}]",
       "1:107: scrape_configs[0].relabel_configs[0].regex: has no use with action dropequal\n"
       "1:117: scrape_configs[0].relabel_configs[0].separator: has no use with action dropequal\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: lowercase, source_labels: [a], "
       "target_label: b, replacement: c}]}]",
       "1:107: scrape_configs[0].relabel_configs[0].replacement: has no use with action "
       "lowercase\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: uppercase, source_labels: "
       "[a]}]}]",
       "1:50: scrape_configs[0].relabel_configs[0]: action uppercase needs target_label\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: labelmap, regex: a, replacement: "
       "\"\"}]}]",
       "1:92: scrape_configs[0].relabel_configs[0].replacement: expected a label name or a "
       "template of one\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: labeldrop, regex: a, "
       "source_labels: [b], target_label: c}]}]",
       "1:80: scrape_configs[0].relabel_configs[0].source_labels: has no use with action "
       "labeldrop\n"
       "1:100: scrape_configs[0].relabel_configs[0].target_label: has no use with action "
       "labeldrop\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: labeldrop, regex: a, separator: "
       "~}]}]",
       "1:80: scrape_configs[0].relabel_configs[0].separator: has no use with action labeldrop\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: labelmap, regex: a, replacement: "
       "~}]}]",
       "1:79: scrape_configs[0].relabel_configs[0].replacement: expected a label name or a "
       "template of one\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: ~, target_label: a}]}]",
       "1:51: scrape_configs[0].relabel_configs[0].action: expected an action, found nothing\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: labelkeep, regex: a, "
       "replacement: c}]}]",
       "1:80: scrape_configs[0].relabel_configs[0].replacement: has no use with action "
       "labelkeep\n"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{target_labels: a}]}]",
       "1:50: scrape_configs[0].relabel_configs[0]: action replace needs target_label\n"
       "1:51: scrape_configs[0].relabel_configs[0]: unknown key \"target_labels\"; did you mean "
       "\"target_label\"?\n"},
      {"scrape_configs: [{job_name: a, metric_relabel_configs: {action: keep}}]",
       "1:56: scrape_configs[0].metric_relabel_configs: expected a list, found a mapping\n"},
  };
  for (const ErrorCase& c : cases) {
    CAPTURE(c.text);
    CHECK(ErrorsOf(c.text) == c.errors);
  }
}

}  // namespace limpet
