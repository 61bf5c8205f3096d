#include "tests/bench/exposition_pages.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/bench/made_up_page.h"

namespace limpet {
namespace {

constexpr size_t kMadeUpPages = 64;
constexpr size_t kMadeUpSeries = 506;

// A page as text, line by line.
using Lines = std::vector<std::string>;

Lines LinesOf(std::istream& in) {
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

MetricType TypeOf(const std::string& text) {
  static const std::map<std::string, MetricType> types = {{"counter", MetricType::kCounter},
                                                          {"gauge", MetricType::kGauge},
                                                          {"histogram", MetricType::kHistogram},
                                                          {"summary", MetricType::kSummary}};
  const auto found = types.find(text);
  return found == types.end() ? MetricType::kUnknown : found->second;
}

// Good enough for pages without commas or quotes in their label values.
std::vector<Label> ParseLabels(const std::string& series) {
  const size_t brace = std::min(series.find('{'), series.size());
  std::vector<Label> labels = {{"__name__", series.substr(0, brace)}};
  for (size_t at = brace; at + 1 < series.size() && series[at] != '}';) {
    const size_t equals = series.find("=\"", at);
    const size_t end = series.find('"', equals + 2);
    if (equals == std::string::npos || end == std::string::npos) break;
    labels.push_back(
        {series.substr(at + 1, equals - at - 1), series.substr(equals + 2, end - equals - 2)});
    at = end + 1;
  }
  std::sort(labels.begin(), labels.end());
  return labels;
}

class Reader {
 public:
  void Page(const Lines& lines) {
    std::vector<double> values =
        pages_.values.empty() ? std::vector<double>() : pages_.values.back();
    const bool first = pages_.values.empty();
    for (const std::string& line : lines) {
      const size_t space = line.rfind(' ');
      if (space == std::string::npos) continue;
      if (line.front() == '#') {
        if (first) Comment(line);
        continue;
      }
      const auto [at, added] = places_.try_emplace(line.substr(0, space), places_.size());
      const double value = std::strtod(line.c_str() + space, nullptr);
      if (first && added) {
        AddSeries(at->first);
        values.push_back(value);
      } else if (at->second < values.size()) {
        values[at->second] = value;
      }
    }
    pages_.values.push_back(std::move(values));
  }
  Pages Take() {
    pages_.layout = block_.Build(std::make_shared<const MetadataTable>(std::move(table_)));
    return std::move(pages_);
  }

 private:
  void Comment(const std::string& line) {
    const size_t name_end = line.find(' ', 7);
    if (name_end == std::string::npos) return;
    const std::string rest = line.substr(name_end + 1);
    if (line.starts_with("# HELP ")) {
      table_.push_back({MetricType::kUnknown, rest, ""});
    } else if (line.starts_with("# TYPE ")) {
      table_.back().type = TypeOf(rest);
    }
  }
  void AddSeries(const std::string& series) {
    block_.BeginSeries(static_cast<uint16_t>(table_.size() - 1));
    for (const Label& label : ParseLabels(series)) block_.AddLabel(label.name, label.value);
  }

  Pages pages_;
  SeriesBlock::Builder block_;
  MetadataTable table_ = MetadataTable(1);
  std::map<std::string, size_t> places_;
};

}  // namespace

Pages ReadPages(const std::vector<std::string>& paths) {
  Reader reader;
  for (const std::string& path : paths) {
    std::ifstream in(path);
    reader.Page(LinesOf(in));
  }
  MadeUpPages made_up(kMadeUpSeries);
  for (size_t i = 0; paths.empty() && i < kMadeUpPages; ++i) {
    std::istringstream in(made_up.Next());
    reader.Page(LinesOf(in));
  }
  return reader.Take();
}

}  // namespace limpet
