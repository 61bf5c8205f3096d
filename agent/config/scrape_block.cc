#include <algorithm>

#include "agent/config/blocks.h"
#include "agent/config/units.h"

namespace limpet {

namespace {

// Other ways of Prometheus to find targets.
constexpr const char* kOtherDiscoveries[] = {
    "aws_sd_configs",          "azure_sd_configs",     "consul_sd_configs",
    "digitalocean_sd_configs", "dns_sd_configs",       "docker_sd_configs",
    "dockerswarm_sd_configs",  "ec2_sd_configs",       "eureka_sd_configs",
    "gce_sd_configs",          "hetzner_sd_configs",   "ionos_sd_configs",
    "kuma_sd_configs",         "lightsail_sd_configs", "linode_sd_configs",
    "marathon_sd_configs",     "nerve_sd_configs",     "nomad_sd_configs",
    "openstack_sd_configs",    "ovhcloud_sd_configs",  "puppetdb_sd_configs",
    "scaleway_sd_configs",     "serverset_sd_configs", "stackit_sd_configs",
    "triton_sd_configs",       "uyuni_sd_configs",     "vultr_sd_configs",
};

constexpr const char* kOtherKeys[] = {
    "scrape_failure_log_file",
    "metric_name_validation_scheme",
    "metric_name_escaping_scheme",
    "scrape_classic_histograms",
};

void ReadParams(ReadContext& context, const YamlNode& node, const std::string& path,
                ScrapeConfig& scrape) {
  MappingReader reader(context, node, path);
  for (const auto& [name, entry] : reader.entries()) {
    std::vector<std::string>& values = scrape.params[std::string(name)];
    reader.List(name, [&](const YamlNode& item, const std::string& item_path) {
      std::optional<std::string> value = ReadText(context, item, item_path);
      if (value) values.push_back(std::move(*value));
    });
  }
}

void ReadTimes(MappingReader& reader, const GlobalConfig& global, ScrapeConfig& scrape) {
  scrape.scrape_interval = global.scrape_interval;
  const bool interval_ok = reader.PositiveDuration("scrape_interval", scrape.scrape_interval) ||
                           !reader.Has("scrape_interval");
  if (!reader.PositiveDuration("scrape_timeout", scrape.scrape_timeout)) {
    scrape.scrape_timeout = DefaultScrapeTimeout(global.scrape_timeout, scrape.scrape_interval);
  } else if (interval_ok && scrape.scrape_timeout > scrape.scrape_interval) {
    reader.ValueError("scrape_timeout", "must not be greater than scrape_interval (" +
                                            FormatDuration(scrape.scrape_interval) + ")");
  }
}

void ReadRequest(MappingReader& reader, ScrapeConfig& scrape) {
  if (reader.Text("metrics_path", scrape.metrics_path)) {
    const bool control = std::any_of(scrape.metrics_path.begin(), scrape.metrics_path.end(),
                                     [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (scrape.metrics_path.empty()) reader.ValueError("metrics_path", "must not be empty");
    if (control) reader.ValueError("metrics_path", "must not contain control characters");
  }
  if (reader.Text("scheme", scrape.scheme) && scrape.scheme != "http" && scrape.scheme != "https") {
    reader.ValueError("scheme",
                      "expected http or https, found " + DescribeNode(*reader.Find("scheme")));
  }
  if (const YamlNode* params = reader.Find("params")) {
    ReadParams(reader.context(), *params, reader.PathOf("params"), scrape);
  }
  reader.Bool("honor_labels", scrape.honor_labels);
  reader.Bool("honor_timestamps", scrape.honor_timestamps);
  reader.Bool("track_timestamps_staleness", scrape.track_timestamps_staleness);
  ReadNativeHistogramLimits(reader, scrape);
  reader.Bool("enable_compression", scrape.enable_compression);
  ReadHttpClient(reader, scrape.http);
}

void ReadDiscovery(MappingReader& reader, ScrapeConfig& scrape) {
  ReadContext& context = reader.context();
  reader.List("kubernetes_sd_configs", [&](const YamlNode& item, const std::string& path) {
    ReadKubernetesSd(context, item, path, scrape.kubernetes_sd_configs.emplace_back());
  });
  reader.List("file_sd_configs", [&](const YamlNode& item, const std::string& path) {
    ReadFileSd(context, item, path, scrape.file_sd_configs.emplace_back());
  });
  reader.List("http_sd_configs", [&](const YamlNode& item, const std::string& path) {
    ReadHttpSd(context, item, path, scrape.http_sd_configs.emplace_back());
  });
  // With relabelling a target may be anything that a rule makes an address of.
  const YamlNode* rules = reader.Find("relabel_configs");
  const bool has_rules = rules != nullptr && !rules->items.empty();
  const TargetText text = has_rules ? TargetText::kNotEmpty : TargetText::kAddress;
  reader.List("static_configs", [&](const YamlNode& item, const std::string& path) {
    ReadStaticConfig(context, item, path, text, scrape.static_configs.emplace_back());
  });
}

// A path in this file, or the file's name before it.
std::string ShownPlace(const JobPlaces::mapped_type& place, const std::string& file) {
  return place.first == file ? place.second : place.second + " in " + place.first;
}

void ReadScrapeConfig(ReadContext& context, const YamlNode& node, const std::string& path,
                      const GlobalConfig& global, JobPlaces& jobs, ScrapeConfig& scrape) {
  MappingReader reader(context, node, path);
  if (!reader.IsMapping()) return;
  if (reader.Text("job_name", scrape.job_name)) {
    const auto [first, is_first] = jobs.emplace(scrape.job_name, std::pair(context.file(), path));
    if (scrape.job_name.empty()) {
      reader.ValueError("job_name", "must not be empty");
    } else if (!is_first) {
      reader.ValueError("job_name", Quoted(scrape.job_name) + " is the name of " +
                                        ShownPlace(first->second, context.file()) + " already");
    }
  } else if (!reader.Has("job_name")) {
    reader.Error("job_name is missing");
  }
  static_cast<ScrapeDefaults&>(scrape) = global;
  ReadScrapeDefaults(reader, scrape);
  ReadTimes(reader, global, scrape);
  ReadRequest(reader, scrape);
  ReadDiscovery(reader, scrape);
  ReadRelabelRules(reader, "relabel_configs", scrape.relabel_configs);
  ReadRelabelRules(reader, "metric_relabel_configs", scrape.metric_relabel_configs);
  for (const char* key : kOtherDiscoveries) reader.NotSupported(key);
  for (const char* key : kOtherKeys) reader.NotSupported(key);
  reader.Finish();
}

}  // namespace

void ReadScrapeConfigs(ReadContext& context, const YamlNode& node, const GlobalConfig& global,
                       JobPlaces& jobs, std::vector<ScrapeConfig>& scrape_configs) {
  ReadList(context, node, "scrape_configs", [&](const YamlNode& item, const std::string& path) {
    ReadScrapeConfig(context, item, path, global, jobs, scrape_configs.emplace_back());
  });
}

void ReadScrapeConfigs(ReadContext& context, const YamlNode& node, const GlobalConfig& global,
                       std::vector<ScrapeConfig>& scrape_configs) {
  JobPlaces jobs;
  ReadScrapeConfigs(context, node, global, jobs, scrape_configs);
}

}  // namespace limpet
