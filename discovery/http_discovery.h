// http_sd_configs: targets from a server that is asked for them again and again.
//
// Who calls it: Discovery, which shares one among all jobs that ask for the same; the loop's
// thread. Source: Prometheus' HTTP discovery: a GET that says how often it comes
// (X-Prometheus-Refresh-Interval-Seconds), answered with 200, a JSON Content-Type and the whole
// list (see json_target_list.h); groups are labelled with __meta_url. Any other answer, and none,
// changes nothing: the last good list stays.
// Operation: asked at once, then every refresh_interval, give or take 5 %, so that many agents do
// not ask together. After a failure the next try comes sooner, after 1 s and then after longer and
// longer times up to the interval. An answer must be complete within the interval and 1 min.
// Limits: 16 MiB an answer, also after inflating, and those of listed_groups.h.
#ifndef LIMPET_DISCOVERY_HTTP_DISCOVERY_H_
#define LIMPET_DISCOVERY_HTTP_DISCOVERY_H_

#include <memory>
#include <string>

#include "agent/config/config.h"
#include "agent/platform/clock.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/http_client.h"
#include "agent/platform/http_client_context.h"
#include "discovery/backoff.h"
#include "discovery/group_source.h"
#include "discovery/listed_groups.h"
#include "discovery/refresh_status.h"

namespace limpet {

class HttpDiscovery final : public GroupSource, private HttpResponseHandler {
 public:
  HttpDiscovery(EventLoop& loop, const Clock& clock, HttpSdConfig config, OnChange on_change,
                OnList on_list);
  HttpDiscovery(const HttpDiscovery&) = delete;
  HttpDiscovery& operator=(const HttpDiscovery&) = delete;

  bool Is(const HttpSdConfig& config) const { return config == config_; }
  RefreshStatus Status() const { return status_; }

  bool listed() const override { return status_.listed; }
  // Any other one of the job may be what a changed URL became.
  bool Overlaps(const GroupSource& other) const override;
  void ForEachGroup(const std::function<void(TargetGroup)>& function) override;
  bool HasGroup(const std::string& source) const override;
  bool ForEachWanted(const WantTargetGroup& want, const TakeTargetGroup& take) override;

 private:
  bool OnHead(const HttpResponseHead& head) override;
  bool OnBody(std::string_view bytes) override;
  void OnDone(const Result<void>& result) override;

  void Ask();
  Result<TargetGroups> GroupsOf(const Result<void>& result);
  void Take(TargetGroups groups);
  void Fail(const std::string& error);

  const Clock& clock_;
  const HttpSdConfig config_;
  const OnChange on_change_;
  const OnList on_list_;
  TargetGroups groups_;
  RefreshStatus status_;
  Backoff backoff_;

  // Of the exchange under way:
  SteadyTime asked_;
  std::string body_;
  bool gzip_ = false;
  std::string refusal_;  // what is wrong with the answer

  Timer timer_;
  HttpConnection connection_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_HTTP_DISCOVERY_H_
