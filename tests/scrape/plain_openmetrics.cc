#include <algorithm>
#include <cmath>
#include <iterator>

#include "agent/relabel/labels.h"
#include "tests/scrape/plain_exposition.h"
#include "tests/scrape/plain_number.h"
#include "tests/scrape/plain_reader.h"

namespace limpet {
namespace {

constexpr size_t kLabelsMax = 1024;

// As in the other format, but within a line; null bytes only where they are allowed, or escaped.
std::string TakeQuoted(PlainReader& page, bool nulls) {
  page.Take("\"");
  std::string text;
  while (!page.At("\"")) {
    text += page.Take();
    PlainReader::Need(text.back() != '\n' && (nulls || text.back() != '\0'));
    if (text.back() != '\\') continue;
    text += page.Take();
    PlainReader::Need(text.back() != '\n');
  }
  page.Take("\"");
  return text;
}

// Behind "# "; the type that it sets, or the one there was.
std::string ReadMetadata(PlainReader& page, std::string type) {
  const std::string keyword = page.TakeUntil(" \n");
  page.Take(" ");
  const std::string family = page.At("\"") ? TakeQuoted(page, false) : page.TakeName(true);
  page.Take(" ");
  const std::string text = page.TakeUntil("\n");
  page.Take("\n");
  if (keyword == "HELP") {
    PlainReader::Need(IsValidUtf8(text));
  } else if (keyword == "UNIT") {
    const std::string ending = "_" + text;
    PlainReader::Need(text.empty() || family.ends_with(ending));
  } else {
    static const std::string kTypes[] = {"counter", "gauge", "histogram", "gaugehistogram",
                                         "summary", "info",  "stateset",  "unknown"};
    PlainReader::Need(keyword == "TYPE");
    PlainReader::Need(std::find(std::begin(kTypes), std::end(kTypes), text) != std::end(kTypes));
    type = text;
  }
  return type;
}

// From the opening brace to behind the closing one. Those of an exemplar have no name among them.
void ReadLabels(PlainReader& page, bool exemplar, std::optional<std::string>& name,
                PlainLabels& labels) {
  page.Take("{");
  size_t count = 0;
  while (!page.TakeIf("}")) {
    const bool quoted = page.At("\"");
    const std::string label = quoted ? TakeQuoted(page, false) : page.TakeName(false);
    if (quoted && !exemplar && page.AtAny(",}")) {
      PlainReader::Need(!name.has_value() && !label.empty());
      name = label;
    } else {
      page.Take("=");
      const std::string value = TakeQuoted(page, !exemplar);
      PlainReader::Need(IsValidUtf8(value));
      PlainReader::Need(count < kLabelsMax);
      labels.emplace_back(label, value);
      PlainReader::Need(page.AtAny(",}"));
    }
    page.TakeIf(",");
    ++count;
  }
}

double ReadNumber(PlainReader& page) {
  const std::optional<double> number = PlainFloat(page.TakeUntil(" \n"));
  PlainReader::Need(number.has_value() && !page.AtEnd());
  return *number;
}

int64_t ReadTimestamp(PlainReader& page) {
  const double seconds = ReadNumber(page);
  PlainReader::Need(std::isfinite(seconds));
  const double ms = seconds * 1000;
  if (ms >= 9.2e18) return INT64_MAX;
  return ms <= -9.2e18 ? -INT64_MAX : static_cast<int64_t>(ms);
}

PlainExemplar ReadExemplar(PlainReader& page) {
  PlainExemplar exemplar;
  std::optional<std::string> none;
  ReadLabels(page, true, none, exemplar.labels);
  page.Take(" ");
  exemplar.value = ReadNumber(page);
  if (page.TakeIf(" ")) exemplar.timestamp_ms = ReadTimestamp(page);
  return exemplar;
}

PlainSample ReadSample(PlainReader& page, const std::string& type) {
  std::optional<std::string> name;
  PlainLabels labels;
  if (!page.At("{")) name = page.TakeName(true);
  if (page.At("{")) ReadLabels(page, false, name, labels);
  PlainReader::Need(name.has_value());
  page.Take(" ");
  PlainSample sample;
  sample.value = ReadNumber(page);
  if (page.At(" ") && !page.At(" # {")) {
    page.Take(" ");
    sample.timestamp_ms = ReadTimestamp(page);
  }
  if (page.TakeIf(" # ")) sample.exemplar = ReadExemplar(page);
  page.Take("\n");
  sample.labels = PlainSeries(*name, labels, type);
  return sample;
}

}  // namespace

PlainPage ReadPlainOpenMetrics(std::string_view text) {
  PlainPage result;
  PlainReader page(text);
  std::string type;
  try {
    for (;;) {
      if (page.TakeIf("# EOF")) {
        page.TakeIf("\n");
        PlainReader::Need(page.AtEnd());
        return result;
      }
      if (page.TakeIf("# ")) {
        type = ReadMetadata(page, type);
      } else {
        PlainReader::Need(!page.AtEnd());
        result.samples.push_back(ReadSample(page, type));
      }
    }
  } catch (const BrokenPage&) {
    result.good = false;
  }
  return result;
}

}  // namespace limpet
