#include "agent/web/collectors.h"

namespace limpet {

void CollectConfig(const WebSources& sources, MetricFamilies& families) {
  AddSample(families.Gauge("limpet_build_info", "Always 1; the version is the label."),
            {{"version", LIMPET_VERSION}}, 1);
  const ConfigStatus config = sources.config();
  families.Gauge("limpet_config_last_reload_successful",
                 "1 where the configuration was taken when it was last read.",
                 config.last_reload_successful ? 1 : 0);
  families.Gauge("limpet_config_last_reload_success_timestamp_seconds",
                 "When the running configuration was taken.",
                 static_cast<double>(config.last_success_ms) / 1000);
  auto& reloads = families.Counter("limpet_config_reloads_total",
                                   "Configurations read again, by whether they were taken.");
  AddSample(reloads, {{"result", "success"}}, config.reloads_total);
  AddSample(reloads, {{"result", "failure"}}, config.reload_failures_total);
}

}  // namespace limpet
