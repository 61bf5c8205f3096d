#include <algorithm>

#include "agent/config/blocks.h"
#include "agent/config/units.h"

namespace limpet {

namespace {

constexpr uint64_t kStorageBytesMin = 32 << 20;

}  // namespace

Millis DefaultScrapeTimeout(Millis timeout, Millis interval) { return std::min(timeout, interval); }

void ReadLabels(ReadContext& context, const YamlNode& node, const std::string& path, Labels& labels,
                bool (MappingReader::*read)(std::string_view, std::string&)) {
  MappingReader reader(context, node, path);
  std::vector<Label> found;
  for (const auto& [name, entry] : reader.entries()) {
    if (name.empty()) {
      context.AddError(entry.key->place, path, "a label's name must not be empty");
      continue;
    }
    std::string value;
    if ((reader.*read)(name, value)) found.push_back({std::string(name), std::move(value)});
  }
  labels = Labels(std::move(found));
}

void ReadGlobal(ReadContext& context, const YamlNode& node, GlobalConfig& global) {
  MappingReader reader(context, node, "global");
  const bool has_interval = reader.PositiveDuration("scrape_interval", global.scrape_interval);
  if (reader.PositiveDuration("scrape_timeout", global.scrape_timeout)) {
    const bool interval_known = has_interval || !reader.Has("scrape_interval");
    if (interval_known && global.scrape_timeout > global.scrape_interval) {
      reader.ValueError("scrape_timeout", "must not be greater than scrape_interval (" +
                                              FormatDuration(global.scrape_interval) + ")");
    }
  } else {
    global.scrape_timeout = DefaultScrapeTimeout(global.scrape_timeout, global.scrape_interval);
  }
  if (const YamlNode* labels = reader.Find("external_labels")) {
    ReadLabels(context, *labels, reader.PathOf("external_labels"), global.external_labels,
               &MappingReader::TextWithVariables);
  }
  ReadScrapeDefaults(reader, global);

  // Almost every file of Prometheus has it; there are no rules that it could concern.
  Millis evaluation_interval{0};
  reader.Duration("evaluation_interval", evaluation_interval);
  for (const char* key : {"rule_query_offset", "query_log_file"}) {
    reader.NotSupported(key, "it evaluates no rules and answers no queries");
  }
  for (const char* key :
       {"scrape_failure_log_file", "metric_name_validation_scheme", "metric_name_escaping_scheme",
        "runtime"}) {
    reader.NotSupported(key);
  }
  reader.Finish();
}

void ReadStorage(ReadContext& context, const YamlNode& node, StorageConfig& storage) {
  MappingReader reader(context, node, "storage");
  if (reader.ByteSize("max_bytes", storage.max_bytes) && storage.max_bytes < kStorageBytesMin) {
    reader.ValueError("max_bytes", "must be at least 32MiB, two segments of the log");
  }
  reader.Duration("max_age", storage.max_age);
  reader.PositiveDuration("sync_interval", storage.sync_interval);
  reader.NotSupported("tsdb", "its log has max_bytes and max_age");
  reader.NotSupported("exemplars");
  reader.Finish();
}

}  // namespace limpet
