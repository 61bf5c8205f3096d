#include "discovery/monitor_translation.h"

#include <rapidjson/document.h>

#include "discovery/monitor_field.h"
#include "discovery/monitor_kinds.h"

namespace limpet {

std::string MonitorInput::ToString() const {
  std::string text(kMonitorKindNames[static_cast<size_t>(kind)]);
  return text.append(" ").append(name_space).append("/").append(name);
}

MonitorJobs TranslateMonitor(const MonitorInput& input, MonitorReferences& references) {
  MonitorJobs out;
  std::string text(input.spec);
  rapidjson::Document document;
  if (auto parsed = ParseJsonObject(text, document); !parsed) {
    out.errors.push_back("spec: " + parsed.error().message);
    return out;
  }
  const MonitorField spec(document, "spec");
  if (const MonitorField scrape_class = spec.At("scrapeClass"); scrape_class.IsFilled()) {
    out.errors.push_back(scrape_class.path() + ": there are no scrape classes in limpet");
  }
  switch (input.kind) {
    case MonitorKind::kServiceMonitor:
      TranslateServiceMonitor(input, spec, references, out);
      break;
    case MonitorKind::kPodMonitor:
      TranslatePodMonitor(input, spec, references, out);
      break;
    case MonitorKind::kProbe:
      TranslateProbe(input, spec, references, out);
      break;
    case MonitorKind::kScrapeConfig:
      TranslateScrapeConfig(input, spec, references, out);
      break;
  }
  if (!out.errors.empty() || !out.waits_for.empty()) out.jobs.clear();
  return out;
}

}  // namespace limpet
