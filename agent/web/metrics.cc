#include "agent/web/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <sstream>
#include <vector>

#include "agent/web/collectors.h"

namespace limpet {
namespace {

class Collector : public prometheus::Collectable {
 public:
  using Function = void (*)(const WebSources&, MetricFamilies&);

  Collector(const WebSources& sources, Function function)
      : sources_(sources), function_(function) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    MetricFamilies families;
    function_(sources_, families);
    return families.Take();
  }

 private:
  const WebSources& sources_;
  const Function function_;
};

}  // namespace

class Metrics::State {
 public:
  explicit State(const WebSources& sources) {
    for (const Collector::Function function :
         {CollectConfig, CollectProcess, CollectLeaderElection, CollectDiscovery, CollectRefreshes,
          CollectMonitors, CollectScrape, CollectLog, CollectMemory, CollectReceivers}) {
      collectors_.push_back(std::make_unique<Collector>(sources, function));
    }
  }

  void CountRequest(std::string_view page, int status) {
    requests_.Add({{"handler", std::string(page)}, {"code", std::to_string(status)}}).Increment();
  }

  std::string Text() const {
    std::ostringstream text;
    const prometheus::TextSerializer serializer;
    serializer.Serialize(text, registry_.Collect());
    for (const auto& collector : collectors_) serializer.Serialize(text, collector->Collect());
    return std::move(text).str();
  }

 private:
  // For what web/ counts itself; what the others count is collected where it is.
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_ = prometheus::BuildCounter()
                                                           .Name("limpet_http_requests_total")
                                                           .Help("Requests to limpet's own pages.")
                                                           .Register(registry_);
  std::vector<std::unique_ptr<prometheus::Collectable>> collectors_;
};

Metrics::Metrics(const WebSources& sources) : state_(std::make_unique<State>(sources)) {}

Metrics::~Metrics() = default;

void Metrics::CountRequest(std::string_view page, int status) {
  state_->CountRequest(page, status);
}

HttpServerResponse Metrics::Page() const {
  return {200, "text/plain; version=0.0.4; charset=utf-8", state_->Text()};
}

}  // namespace limpet
