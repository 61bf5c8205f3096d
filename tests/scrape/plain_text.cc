#include <algorithm>
#include <map>

#include "agent/relabel/labels.h"
#include "tests/scrape/plain_exposition.h"
#include "tests/scrape/plain_number.h"
#include "tests/scrape/plain_reader.h"

namespace limpet {

std::string PlainUnescaped(const std::string& raw) {
  static const std::map<char, char> kEscapes = {{'\\', '\\'}, {'n', '\n'}, {'"', '"'}};
  std::string out;
  for (size_t i = 0; i < raw.size(); ++i) {
    const auto escape =
        raw[i] == '\\' && i + 1 < raw.size() ? kEscapes.find(raw[i + 1]) : kEscapes.end();
    if (escape == kEscapes.end()) {
      out += raw[i];
    } else {
      out += escape->second;
      ++i;
    }
  }
  return out;
}

PlainLabels PlainSeries(const std::string& name, const PlainLabels& raw, const std::string& type) {
  std::map<std::string, std::string> labels = {{"__name__", PlainUnescaped(name)}};
  PlainReader::Need(!labels["__name__"].empty() && IsValidUtf8(labels["__name__"]));
  for (const auto& [raw_name, raw_value] : raw) {
    const std::string label = PlainUnescaped(raw_name);
    std::string value = PlainUnescaped(raw_value);
    const bool is_bound =
        (type == "histogram" && label == "le") || (type == "summary" && label == "quantile");
    PlainReader::Need(!label.empty() && IsValidUtf8(label));
    PlainReader::Need(labels.emplace(label, is_bound ? PlainBound(value) : value).second);
  }
  return PlainLabels(labels.begin(), labels.end());
}

namespace {

constexpr char kBlanks[] = " \t";
constexpr size_t kTextLabelsMax = 1024;

// From the opening quote to behind the closing one; what is between them.
std::string TakeQuoted(PlainReader& page) {
  page.Take("\"");
  std::string text;
  while (!page.At("\"")) {
    text += page.Take();
    if (text.back() != '\\') continue;
    text += page.Take();
    PlainReader::Need(text.back() != '\n');
  }
  page.Take("\"");
  return text;
}

// Behind the '#'; the type that it sets, or the one there was.
std::string ReadComment(PlainReader& page, std::string type) {
  PlainReader ahead = page;
  const bool blank = ahead.AtAny(kBlanks);
  ahead.SkipAny(kBlanks);
  const bool is_type = ahead.At("TYPE");
  if (blank && (is_type || ahead.At("HELP"))) {
    ahead.Take();
    ahead.Take();
    ahead.Take();
    ahead.Take();
    if (ahead.AtAny(kBlanks)) {
      page = ahead;
      page.SkipAny(kBlanks);
      if (page.At("\"")) {
        TakeQuoted(page);
      } else {
        page.TakeName(true);
      }
      if (!page.AtEnd() && !page.At("\n")) page.Take();
      const std::string text = page.TakeUntil("\n");
      if (is_type) {
        const bool known = text == "counter" || text == "gauge" || text == "histogram" ||
                           text == "summary" || text == "untyped";
        PlainReader::Need(known);
        return text;
      }
      PlainReader::Need(IsValidUtf8(text));
      return type;
    }
  }
  page.TakeUntil("\n");
  return type;
}

// From the opening brace to behind the closing one.
void ReadTextLabels(PlainReader& page, std::optional<std::string>& name, PlainLabels& labels) {
  page.Take("{");
  for (;;) {
    page.SkipAny(kBlanks);
    if (page.TakeIf("}")) return;
    const bool quoted = page.At("\"");
    const std::string label = quoted ? TakeQuoted(page) : page.TakeName(false);
    page.SkipAny(kBlanks);
    if (quoted && page.AtAny(",}")) {
      PlainReader::Need(!name.has_value() && !label.empty());
      name = label;
    } else {
      page.Take("=");
      page.SkipAny(kBlanks);
      const std::string value = TakeQuoted(page);
      PlainReader::Need(IsValidUtf8(value));
      labels.emplace_back(label, value);
      PlainReader::Need(labels.size() <= kTextLabelsMax);
      page.SkipAny(kBlanks);
    }
    page.TakeIf(",");
  }
}

PlainSample ReadTextSample(PlainReader& page, const std::string& type) {
  std::optional<std::string> name;
  PlainLabels labels;
  if (!page.At("{")) {
    name = page.TakeName(true);
    PlainReader::Need(page.AtAny(" \t{"));
    page.SkipAny(kBlanks);
  }
  if (page.At("{")) {
    ReadTextLabels(page, name, labels);
    PlainReader::Need(name.has_value());
    page.SkipAny(kBlanks);
  }
  PlainSample sample;
  const std::optional<double> value = PlainFloat(page.TakeUntil(" \t\n"));
  PlainReader::Need(value.has_value());
  sample.value = *value;
  page.SkipAny(kBlanks);
  if (!page.AtEnd() && !page.At("\n")) {
    sample.timestamp_ms = PlainInteger(page.TakeUntil(" \t\n"));
    PlainReader::Need(sample.timestamp_ms.has_value());
    page.SkipAny(kBlanks);
  }
  PlainReader::Need(page.AtEnd() || page.At("\n"));
  sample.labels = PlainSeries(*name, labels, type);
  return sample;
}

}  // namespace

PlainPage ReadPlainText(std::string_view text) {
  PlainPage result;
  PlainReader page(text);
  std::string type;
  try {
    for (;;) {
      page.SkipAny(" \t\n");
      if (page.AtEnd()) return result;
      if (page.TakeIf("#")) {
        type = ReadComment(page, type);
      } else {
        result.samples.push_back(ReadTextSample(page, type));
      }
    }
  } catch (const BrokenPage&) {
    result.good = false;
  }
  return result;
}

}  // namespace limpet
