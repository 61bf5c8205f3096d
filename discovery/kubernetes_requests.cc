// What is asked of the API server: LISTs, plain and streaming, and WATCHes.
#include <algorithm>
#include <string>
#include <utility>

#include "agent/platform/url.h"
#include "discovery/kubernetes_watch.h"

namespace limpet {

void KubernetesWatch::StartList() {
  list_start_ = clock_.Now();
  sink_.OnListStart();
}

void KubernetesWatch::SendList() {
  phase_ = Phase::kListing;
  if (continue_.empty()) StartList();
  splitter_.emplace(ObjectSplitter::Shape::kList, options_.object_bytes_max);
  Send(Query({{"limit", std::to_string(options_.page_objects)}, {"continue", continue_}}),
       clock_.Now() + options_.list_deadline);
}

// Drawn anew for each, so that the watches of many clients do not end together.
Millis KubernetesWatch::WatchTimeout() {
  return std::chrono::ceil<std::chrono::seconds>(
      backoff_.Between(options_.watch_timeout_min, options_.watch_timeout_max));
}

void KubernetesWatch::SendStreamingList() {
  phase_ = Phase::kStreaming;
  StartList();
  splitter_.emplace(ObjectSplitter::Shape::kStream, options_.object_bytes_max);
  const Millis timeout = WatchTimeout();
  Send(Query({{"watch", "true"},
              {"allowWatchBookmarks", "true"},
              {"sendInitialEvents", "true"},
              {"resourceVersionMatch", "NotOlderThan"},
              {"timeoutSeconds", std::to_string(timeout.count() / 1000)}}),
       clock_.Now() + timeout + options_.watch_grace);
}

void KubernetesWatch::SendWatch() {
  phase_ = Phase::kWatching;
  splitter_.emplace(ObjectSplitter::Shape::kStream, options_.object_bytes_max);
  const Millis timeout = WatchTimeout();
  Send(Query({{"watch", "true"},
              {"allowWatchBookmarks", "true"},
              {"resourceVersion", resource_version_},
              {"timeoutSeconds", std::to_string(timeout.count() / 1000)}}),
       clock_.Now() + timeout + options_.watch_grace);
}

void KubernetesWatch::Send(const std::string& path_and_query, SteadyTime deadline) {
  retry_after_ = Millis(0);
  error_body_.clear();
  body_bytes_ = 0;
  stop_.reset();
  sent_ = heard_ = clock_.Now();
  deadline_ = deadline;
  longest_silence_ = Millis(0);
  bookmarks_ = false;
  progressed_ = false;
  // A WATCH answers at once; what may take long is its body.
  connection_->Start(api_->Get(path_and_query), std::min(deadline, sent_ + options_.list_deadline),
                     *this);
}

std::string KubernetesWatch::Query(std::vector<std::pair<std::string, std::string>> params) const {
  params.emplace_back("labelSelector", scope_.label_selector);
  params.emplace_back("fieldSelector", scope_.field_selector);
  std::erase_if(params, [](const auto& param) { return param.second.empty(); });
  return Path() + "?" + EncodeQuery(std::move(params));
}

std::string KubernetesWatch::Path() const { return kind_.Path(status_.name_space); }

}  // namespace limpet
