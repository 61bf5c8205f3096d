#include "tests/queue/strict_v2.h"

#include <snappy.h>

#include <set>
#include <string_view>

#include "queue/remote_write.pb.h"

namespace limpet {
namespace {

using remote_write_v2::Request;
using remote_write_v2::TimeSeries;

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t size = lead < 0x80             ? 1
                        : (lead & 0xE0) == 0xC0 ? 2
                        : (lead & 0xF0) == 0xE0 ? 3
                        : (lead & 0xF8) == 0xF0 ? 4
                                                : 0;
    if (size == 0 || i + size > text.size()) return false;
    uint32_t point = size == 1 ? lead : lead & (0x7Fu >> size);
    for (size_t k = 1; k < size; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      if ((byte & 0xC0) != 0x80) return false;
      point = (point << 6) | (byte & 0x3Fu);
    }
    // Overlong forms, surrogates, beyond Unicode.
    static constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[size] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) {
      return false;
    }
    i += size;
  }
  return true;
}

template <typename Refs>
std::string WhyNotLabels(const Request& request, const Refs& refs) {
  if (refs.size() % 2 != 0) return "an odd number of references";
  std::string_view previous;
  for (int i = 0; i < refs.size(); i += 2) {
    for (const uint32_t ref : {refs[i], refs[i + 1]}) {
      if (ref >= static_cast<uint32_t>(request.symbols_size())) return "a reference out of range";
      if (request.symbols(static_cast<int>(ref)).empty()) return "an empty name or value";
    }
    const std::string_view name = request.symbols(static_cast<int>(refs[i]));
    if (i > 0 && name == previous) return "a label name twice";
    if (i > 0 && name < previous) return "label names out of order";
    previous = name;
  }
  return "";
}

template <typename Points>
std::string WhyNotInOrder(const Points& points) {
  for (int i = 1; i < points.size(); ++i) {
    if (points[i].timestamp() < points[i - 1].timestamp()) return "samples out of order";
  }
  return "";
}

std::string WhyNotSeries(const Request& request, const TimeSeries& series) {
  if (series.labels_refs().empty()) return "no labels";
  if (std::string why = WhyNotLabels(request, series.labels_refs()); !why.empty()) return why;
  if (series.samples().empty() && series.histograms().empty()) return "no samples";
  if (!series.samples().empty() && !series.histograms().empty()) return "samples and histograms";
  if (std::string why = WhyNotInOrder(series.samples()); !why.empty()) return why;
  if (std::string why = WhyNotInOrder(series.histograms()); !why.empty()) return why;
  for (const auto& exemplar : series.exemplars()) {
    if (std::string why = WhyNotLabels(request, exemplar.labels_refs()); !why.empty()) return why;
    if (exemplar.timestamp() == 0) return "an exemplar without a timestamp";
  }
  const auto symbols = static_cast<uint32_t>(request.symbols_size());
  const auto& metadata = series.metadata();
  if (metadata.help_ref() >= symbols || metadata.unit_ref() >= symbols) {
    return "metadata refers out of range";
  }
  if (!remote_write_v2::Metadata::MetricType_IsValid(metadata.type())) return "an unknown type";
  return "";
}

}  // namespace

std::string WhyNotV2(const Request& request) {
  if (request.symbols().empty()) return "no symbols";
  if (!request.symbols(0).empty()) return "the first symbol is not empty";
  std::set<std::string_view> seen;
  for (const std::string& symbol : request.symbols()) {
    if (!IsUtf8(symbol)) return "a symbol that is not UTF-8";
    if (!seen.insert(symbol).second) return "a symbol twice";
  }
  for (const TimeSeries& series : request.timeseries()) {
    if (std::string why = WhyNotSeries(request, series); !why.empty()) return why;
  }
  return "";
}

std::string WhyNotV2Body(const std::string& body, Request& request) {
  std::string message;
  if (!snappy::Uncompress(body.data(), body.size(), &message)) return "not a snappy block";
  if (!request.ParseFromString(message)) return "not an io.prometheus.write.v2.Request";
  // What fields 1 to 3 are reserved for.
  remote_write_v1::WriteRequest v1;
  if (!v1.ParseFromString(message) || !v1.timeseries().empty()) return "not empty as a 1.0 message";
  return WhyNotV2(request);
}

}  // namespace limpet
