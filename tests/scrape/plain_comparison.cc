#include "tests/scrape/plain_comparison.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <vector>

#include "agent/scrape/exemplar.h"
#include "agent/scrape/layout_registry.h"
#include "agent/scrape/text_parser.h"
#include "tests/scrape/plain_exposition.h"

namespace limpet {
namespace {

PlainPage ReadPlain(const Page& page) {
  return page.format == PageFormat::kOpenMetricsText ? ReadPlainOpenMetrics(page.text)
                                                     : ReadPlainText(page.text);
}

std::string Bits(double value) { return std::to_string(std::bit_cast<uint64_t>(value)); }

std::string LabelsText(const PlainLabels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) text += name + "=" + value + "\xff";
  return text;
}

std::string LabelsText(const std::vector<Label>& labels) {
  std::string text;
  for (const Label& label : labels) text += label.name + "=" + label.value + "\xff";
  return text;
}

// The rules of Prometheus' storage for the labels of an exemplar, but that a name must be UTF-8,
// for else no receiver could read it.
std::string PlainExemplarText(const PlainExemplar& exemplar) {
  std::string text = Bits(exemplar.value);
  if (exemplar.timestamp_ms) text += "@" + std::to_string(*exemplar.timestamp_ms);
  auto given = exemplar.labels;
  std::erase_if(given, [](const auto& label) { return label.second.empty(); });
  const std::map<std::string, std::string> labels(given.begin(), given.end());
  size_t characters = 0;
  for (const auto& [name, value] : given) {
    if (!IsUtf8Name(name)) return text + " refused";
    for (const char c : name + value) characters += (c & 0xC0) != 0x80 ? 1 : 0;
  }
  if (labels.size() != given.size() || characters > 128) return text + " refused";
  PlainLabels kept(labels.begin(), labels.end());
  std::erase_if(kept, [](const auto& label) { return label.second.empty(); });
  return text + " " + LabelsText(kept);
}

std::string ExemplarText(const RawExemplar& exemplar) {
  std::string text = Bits(exemplar.value);
  if (exemplar.has_timestamp) text += "@" + std::to_string(exemplar.timestamp_ms);
  const auto labels = ExemplarLabels(exemplar, PageFormat::kOpenMetricsText);
  return text + " " + (labels ? LabelsText(*labels) : "refused");
}

std::string SampleText(const PlainSample& sample) {
  std::string text = LabelsText(sample.labels) + Bits(sample.value);
  if (sample.timestamp_ms) text += "@" + std::to_string(*sample.timestamp_ms);
  if (sample.exemplar) text += " # " + PlainExemplarText(*sample.exemplar);
  return text;
}

std::string SampleText(const TextSample& sample, const std::vector<Label>& labels) {
  std::string text = LabelsText(labels) + Bits(sample.tail.value);
  if (sample.tail.has_timestamp) text += "@" + std::to_string(sample.tail.timestamp_ms);
  if (sample.has_exemplar) text += " # " + ExemplarText(sample.exemplar);
  return text;
}

// What the layout's series and the numbers are, in some order.
std::multiset<std::string> LayoutTexts(const Layout& layout, const PageValues& values) {
  std::multiset<std::string> texts;
  for (size_t i = 0; i < layout.page_series(); ++i) {
    std::string text;
    layout.block()->ForEachLabel(i, [&](std::string_view name, std::string_view value) {
      text += std::string(name) + "=" + std::string(value) + "\xff";
    });
    text += Bits(values.values[i]);
    if (layout.HasOwnTimestamp(i)) text += "@" + std::to_string(values.timestamps[i]);
    texts.insert(text);
  }
  return texts;
}

// Of two samples without timestamps the first one counts; empty labels are none.
std::multiset<std::string> PlainTexts(const PlainPage& page) {
  std::multiset<std::string> texts;
  std::set<std::string> seen;
  for (PlainSample sample : page.samples) {
    std::erase_if(sample.labels, [](const auto& label) { return label.second.empty(); });
    sample.exemplar.reset();
    const bool is_new = seen.insert(LabelsText(sample.labels)).second;
    if (is_new || sample.timestamp_ms) texts.insert(SampleText(sample));
  }
  return texts;
}

bool HasReportNames(const PlainPage& page) {
  return std::any_of(page.samples.begin(), page.samples.end(), [](const PlainSample& sample) {
    const std::string& name = sample.labels.front().second;
    return name == "up" || name.starts_with("scrape_");
  });
}

std::string TextsDifference(const std::multiset<std::string>& plain,
                            const std::multiset<std::string>& ours) {
  if (plain == ours) return "";
  std::string text;
  for (const std::string& one : plain)
    text += ours.contains(one) ? "" : "plain only: " + one + "\n";
  for (const std::string& one : ours)
    text += plain.contains(one) ? "" : "layout only: " + one + "\n";
  return text.empty() ? "samples of one text differ in number" : text;
}

}  // namespace

std::string ParserDifference(const Page& page) {
  const PlainPage plain = ReadPlain(page);
  TextParser parser(page);
  TextSample sample;
  std::vector<Label> labels;
  for (size_t i = 0;; ++i) {
    const Result<bool> more = parser.Next(sample);
    const bool good = more && (!*more || DecodeLabels(sample, labels));
    const bool plain_has_more = i < plain.samples.size();
    if (!good) {
      if (!plain.good && !plain_has_more) return "";
      return "sample " + std::to_string(i) + ": an error, plainly there is none";
    }
    if (!*more) {
      if (plain.good && !plain_has_more) return "";
      return "the page ends at sample " + std::to_string(i) + ", plainly it does not";
    }
    if (!plain_has_more) return "sample " + std::to_string(i) + " is plainly an error";
    const std::string ours = SampleText(sample, labels);
    const std::string theirs = SampleText(plain.samples[i]);
    if (ours != theirs) return "sample " + std::to_string(i) + ": " + ours + ", plainly " + theirs;
  }
}

std::string LayoutDifference(const Page& page, const Page& page_before) {
  const PlainPage plain = ReadPlain(page);
  if (HasReportNames(plain)) return "";
  const auto scope =
      NewLayoutScope(false, true, std::make_shared<const std::vector<RelabelRule>>(), Labels());
  LayoutRegistry layouts;
  PageValues values;
  PageCounts counts;
  const auto before = layouts.Resolve(*scope, page_before, 0, nullptr, values, counts);
  if (before && (*before)->Match(page, values)) {
    if (!plain.good) return "a layout takes a page that is plainly broken";
    const std::string difference =
        TextsDifference(PlainTexts(plain), LayoutTexts(**before, values));
    if (!difference.empty()) return "another page's layout: " + difference;
  }
  const auto layout =
      layouts.Resolve(*scope, page, 0, before ? before->get() : nullptr, values, counts);
  if (layout.has_value() != plain.good) {
    return layout ? "a layout of a broken page" : "no layout: " + layout.error().message;
  }
  if (!layout) return "";
  if (counts.scraped != plain.samples.size()) return "another number of samples";
  return TextsDifference(PlainTexts(plain), LayoutTexts(**layout, values));
}

}  // namespace limpet
