#include "agent/scrape/target_labels.h"

#include <xxhash.h>

#include <map>
#include <utility>
#include <vector>

#include "agent/relabel/relabel.h"
#include "agent/scrape/duration_text.h"
#include "agent/scrape/error_excerpt.h"

namespace limpet {
namespace {

constexpr std::string_view kParamPrefix = "__param_";

// What of a job's settings for histograms relabelling may change, in order of checking.
struct HistogramLabel {
  const char* name;
  const char* what;
  bool ScrapeDefaults::*of_job;
  bool HistogramFlags::*of_target;
};
constexpr HistogramLabel kHistogramLabels[] = {
    {"__convert_classic_histograms_to_nhcb__", "convert classic histograms to nhcb",
     &ScrapeDefaults::convert_classic_histograms_to_nhcb, &HistogramFlags::convert},
    {"__always_scrape_classic_histograms__", "always scrape classic histograms",
     &ScrapeDefaults::always_scrape_classic_histograms, &HistogramFlags::always_classic},
    {"__scrape_native_histograms__", "scrape native histograms",
     &ScrapeDefaults::scrape_native_histograms, &HistogramFlags::native},
};

// As Go escapes a URL's path.
std::string EscapedPath(std::string_view path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  static constexpr std::string_view kPlain = "-_.~$&+,/:;=@";
  std::string out = path.starts_with('/') ? "" : "/";
  for (const char c : path) {
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (alphanumeric || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

// The job's parameters; a __param_NAME label replaces the first value of NAME, or adds it.
std::string QueryOf(const ScrapeConfig& job, const LabelsBuilder& labels) {
  std::map<std::string, std::vector<std::string>> params = job.params;
  for (const Label& label : labels.labels()) {
    if (!label.name.starts_with(kParamPrefix)) continue;
    std::vector<std::string>& values = params[label.name.substr(kParamPrefix.size())];
    if (values.empty()) values.emplace_back();
    values[0] = label.value;
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, values] : params) {
    for (const std::string& value : values) pairs.emplace_back(name, value);
  }
  return pairs.empty() ? "" : "?" + EncodeQuery(std::move(pairs));
}

Result<Url> UrlOf(const ScrapeConfig& job, const LabelsBuilder& labels) {
  const std::string_view address = labels.Get("__address__");
  if (address.empty()) return Error{"no address"};
  // Nor may it be more than the host and the port of the URL.
  if (address.find_first_of("/?#") != std::string_view::npos) {
    return Error{QuotedExcerpt(address) + " is not a valid hostname"};
  }
  std::string text(labels.Get("__scheme__"));
  text += "://";
  text += address;
  text += EscapedPath(labels.Get("__metrics_path__"));
  text += QueryOf(job, labels);
  return ParseUrl(text);
}

Result<Millis> PositiveDuration(const LabelsBuilder& labels, std::string_view name,
                                const char* what) {
  auto duration = ParseDurationText(labels.Get(name));
  if (!duration) {
    return Error{std::string("error parsing ") + what + ": " + duration.error().message};
  }
  if (*duration == Millis(0)) return Error{std::string(what) + " cannot be 0"};
  return duration;
}

// As Go's strconv.ParseBool takes them.
std::optional<bool> ParseBool(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

Result<HistogramFlags> HistogramFlagsOf(const ScrapeConfig& job, const LabelsBuilder& labels) {
  HistogramFlags flags;
  for (const HistogramLabel& label : kHistogramLabels) {
    const std::string_view text = labels.Get(label.name);
    const std::optional<bool> value = text.empty() ? job.*label.of_job : ParseBool(text);
    if (!value) {
      return Error{std::string("error parsing ") + label.what + ": " + QuotedExcerpt(text) +
                   " is neither true nor false"};
    }
    flags.*label.of_target = *value;
  }
  return flags;
}

uint64_t IdentityOf(const Labels& labels, const Url& url) {
  const std::string text = url.ToString();
  return XXH3_64bits_withSeed(text.data(), text.size(), labels.Hash());
}

void EraseMeta(LabelsBuilder& labels) {
  std::vector<std::string> names;
  for (const Label& label : labels.labels()) {
    if (label.name.starts_with("__meta_")) names.push_back(label.name);
  }
  for (const std::string& name : names) labels.Del(name);
}

}  // namespace

Labels DiscoveredLabels(const ScrapeConfig& job, const Labels& group, const Labels& target) {
  LabelsBuilder labels(group);
  for (const Label& label : target) labels.Set(label.name, label.value);
  const auto set_default = [&](std::string_view name, std::string_view value) {
    if (labels.Get(name).empty()) labels.Set(name, value);
  };
  set_default("job", job.job_name);
  set_default("__scrape_interval__", DurationText(job.scrape_interval));
  set_default("__scrape_timeout__", DurationText(job.scrape_timeout));
  set_default("__metrics_path__", job.metrics_path);
  set_default("__scheme__", job.scheme);
  for (const HistogramLabel& label : kHistogramLabels) {
    set_default(label.name, job.*label.of_job ? "true" : "false");
  }
  for (const auto& [name, values] : job.params) {
    if (!values.empty()) set_default(std::string(kParamPrefix) + name, values[0]);
  }
  return labels.Build();
}

Result<std::optional<TargetSpec>> MakeTarget(const ScrapeConfig& job, const Labels& discovered) {
  LabelsBuilder labels(discovered);
  if (!ApplyRelabelRules(job.relabel_configs, labels)) return std::optional<TargetSpec>();
  TargetSpec spec;
  auto url = UrlOf(job, labels);
  if (!url) return url.error();
  spec.url = std::move(*url);
  auto interval = PositiveDuration(labels, "__scrape_interval__", "scrape interval");
  if (!interval) return interval.error();
  auto timeout = PositiveDuration(labels, "__scrape_timeout__", "scrape timeout");
  if (!timeout) return timeout.error();
  if (*timeout > *interval) {
    return Error{"scrape timeout cannot be greater than scrape interval (" +
                 DurationText(*timeout) + " > " + DurationText(*interval) + ")"};
  }
  spec.interval = *interval;
  spec.timeout = *timeout;
  auto histograms = HistogramFlagsOf(job, labels);
  if (!histograms) return histograms.error();
  spec.histograms = *histograms;
  EraseMeta(labels);
  if (labels.Get("instance").empty()) {
    labels.Set("instance", std::string(labels.Get("__address__")));
  }
  std::vector<Label> on_series;
  for (const Label& label : labels.labels()) {
    if (!IsValidUtf8(label.value)) {
      return Error{"invalid label value for " + QuotedExcerpt(label.name)};
    }
    if (!label.name.starts_with("__")) on_series.push_back(label);
  }
  spec.labels = Labels(std::move(on_series));
  spec.identity = IdentityOf(labels.Build(), spec.url);
  return std::optional<TargetSpec>(std::move(spec));
}

}  // namespace limpet
