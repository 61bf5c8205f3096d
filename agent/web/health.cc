#include "agent/web/health.h"

#include <algorithm>
#include <string_view>

#include "agent/platform/timestamp.h"
#include "agent/platform/utf8.h"
#include "agent/web/json_writer.h"

namespace limpet {
namespace {

enum class Check { kOk, kDegraded, kFailing };

std::string_view Text(Check check) {
  switch (check) {
    case Check::kOk:
      return "ok";
    case Check::kDegraded:
      return "degraded";
    case Check::kFailing:
      break;
  }
  return "failing";
}

Check CheckWatch(const DiscoveryStatus& watch) {
  if (watch.connected) return Check::kOk;
  return watch.last_error.empty() ? Check::kDegraded : Check::kFailing;
}

Check WriteConfig(const ConfigStatus& config, JsonWriter& json) {
  const Check check = config.last_reload_successful ? Check::kOk : Check::kDegraded;
  json.Key("config");
  json.StartObject();
  json.Field("status", Text(check));
  json.Field("latency_ms", int64_t{0});
  if (config.last_success_ms != 0) {
    json.Field("last_success", FormatTimestamp(config.last_success_ms));
  }
  if (!config.last_error.empty()) json.Field("error", config.last_error);
  json.EndObject();
  return check;
}

void WriteWatch(const DiscoveryStatus& watch, JsonWriter& json) {
  json.StartObject();
  json.Field("status", Text(CheckWatch(watch)));
  json.Field("latency_ms", watch.last_list_latency_ms);
  json.Field("role", watch.role);
  json.Field("namespace", watch.name_space);
  json.Field("api_server", watch.api_server);
  json.Key("listed");
  json.Flag(watch.listed);
  json.Field("objects", watch.objects);
  if (!watch.last_error.empty()) json.Field("error", watch.last_error);
  json.EndObject();
}

Check WriteKubernetes(const std::vector<DiscoveryStatus>& watches, JsonWriter& json) {
  Check worst = Check::kOk;
  int64_t latency_ms = 0;
  for (const DiscoveryStatus& watch : watches) {
    worst = std::max(worst, CheckWatch(watch));
    latency_ms = std::max(latency_ms, watch.last_list_latency_ms);
  }
  json.Key("kubernetes");
  json.StartObject();
  json.Field("status", Text(worst));
  json.Field("latency_ms", latency_ms);
  json.Key("watches");
  json.StartArray();
  for (const DiscoveryStatus& watch : watches) WriteWatch(watch, json);
  json.EndArray();
  json.EndObject();
  return worst;
}

Check WriteRefresh(const RefreshStatus& refresh, JsonWriter& json) {
  Check check = Check::kOk;
  if (!refresh.last_error.empty()) check = refresh.listed ? Check::kDegraded : Check::kFailing;
  if (!refresh.listed && refresh.last_error.empty()) check = Check::kDegraded;
  json.StartObject();
  json.Field("status", Text(check));
  json.Field("latency_ms", refresh.last_latency_ms);
  json.Field(refresh.kind == RefreshKind::kFile ? "files" : "url", refresh.origin);
  json.Field("targets", refresh.targets);
  if (refresh.last_success_ms != 0) {
    json.Field("last_success", FormatTimestamp(refresh.last_success_ms));
  }
  if (!refresh.last_error.empty()) json.Field("error", refresh.last_error);
  json.EndObject();
  return check;
}

// One list for files and one for HTTP, where there are any.
Check WriteRefreshes(const std::vector<RefreshStatus>& refreshes, RefreshKind kind,
                     std::string_view key, JsonWriter& json) {
  Check worst = Check::kOk;
  const auto is_kind = [kind](const RefreshStatus& refresh) { return refresh.kind == kind; };
  if (std::none_of(refreshes.begin(), refreshes.end(), is_kind)) return worst;
  json.Key(key);
  json.StartArray();
  for (const RefreshStatus& refresh : refreshes) {
    if (is_kind(refresh)) worst = std::max(worst, WriteRefresh(refresh, json));
  }
  json.EndArray();
  return worst;
}

// A standby is as well as the active one; what cannot be read or renewed is not.
Check WriteLeaderElection(const WebSources& sources, JsonWriter& json) {
  if (!sources.leader_election) return Check::kOk;
  const LeaderElectionStatus election = sources.leader_election();
  Check check = election.last_error.empty() ? Check::kOk : Check::kFailing;
  if (check == Check::kFailing && election.active) check = Check::kDegraded;
  json.Key("leader_election");
  json.StartObject();
  json.Field("status", Text(check));
  json.Field("latency_ms", election.last_latency_ms);
  json.Key("active");
  json.Flag(election.active);
  json.Field("identity", election.identity);
  json.Field("holder", election.holder);
  json.Field("lease", election.lease);
  json.Field("namespace", election.name_space);
  json.Field("api_server", election.api_server);
  json.Field("transitions", election.transitions);
  if (election.last_renewal_ms != 0) {
    json.Field("last_renewal", FormatTimestamp(election.last_renewal_ms));
  }
  if (!election.last_error.empty()) json.Field("error", election.last_error);
  json.EndObject();
  return check;
}

// Nothing that can fail: which part of the targets this is.
void WriteShard(const WebSources& sources, JsonWriter& json) {
  const Shard shard = sources.shard();
  if (shard.count == 1) return;
  uint64_t others = 0;
  for (const auto& [job, count] : sources.other_shards_counts()) others += count;
  json.Key("shard");
  json.StartObject();
  json.Field("status", Text(Check::kOk));
  json.Field("latency_ms", int64_t{0});
  json.Field("shard", uint64_t{shard.index});
  json.Field("shards", uint64_t{shard.count});
  json.Field("targets_other_shards", others);
  json.EndObject();
}

Check WriteLog(const LogStats* log, JsonWriter& json) {
  Check check = Check::kOk;
  if (log == nullptr) {
    check = Check::kFailing;
  } else if (log->degraded) {
    check = Check::kDegraded;
  }
  json.Key("log");
  json.StartObject();
  json.Field("status", Text(check));
  if (log == nullptr) {
    json.Field("latency_ms", int64_t{0});
    json.Field("error", "the log is not open");
  } else {
    json.Field("latency_ms", static_cast<double>(log->last_write_latency_us) / 1000);
    json.Field("bytes", log->bytes);
    json.Field("segments", log->segments);
    json.Field("samples_lost", log->samples_lost_total);
    if (!log->last_error.empty()) json.Field("error", log->last_error);
  }
  json.EndObject();
  return check;
}

// Trimming costs nobody anything.
Check WriteMemory(const MemoryStatus& memory, JsonWriter& json) {
  const Check check = memory.level >= MemoryLevel::kNoNewPages ? Check::kDegraded : Check::kOk;
  json.Key("memory");
  json.StartObject();
  json.Field("status", Text(check));
  json.Field("latency_ms", int64_t{0});
  json.Field("level", MemoryLevelText(memory.level));
  json.Field("used_bytes", memory.used_bytes);
  if (memory.limit.bytes != 0) {
    json.Field("limit_bytes", memory.limit.bytes);
    json.Field("limit_from", memory.limit.origin);
  }
  json.EndObject();
  return check;
}

Check WriteReceiver(const ReceiverStatus& receiver, JsonWriter& json) {
  const Check check = receiver.healthy ? Check::kOk : Check::kFailing;
  json.Key(receiver.name);
  json.StartObject();
  json.Field("status", Text(check));
  json.Field("latency_ms", receiver.last_request_latency_ms);
  json.Field("url", receiver.url);
  json.Field("lag_seconds", static_cast<double>(receiver.lag_ms) / 1000);
  json.Field("backlog_bytes", receiver.backlog_bytes);
  json.Field("protobuf_message", receiver.protocol);
  json.Field("shards", uint64_t{receiver.lanes});
  json.Field("shards_max", uint64_t{receiver.lanes_max});
  if (receiver.highest_sent_timestamp_ms != 0) {
    json.Field("newest_sent", FormatTimestamp(receiver.highest_sent_timestamp_ms));
  }
  if (receiver.oldest_unsent_timestamp_ms != 0) {
    json.Field("oldest_unsent", FormatTimestamp(receiver.oldest_unsent_timestamp_ms));
  }
  if (receiver.last_success_ms != 0) {
    json.Field("last_success", FormatTimestamp(receiver.last_success_ms));
  }
  if (!receiver.last_error.empty()) json.Field("error", receiver.last_error);
  json.EndObject();
  return check;
}

}  // namespace

HttpServerResponse HealthResponse(const WebSources& sources) {
  const LogStats* log = sources.log();
  // The status comes first in the answer but last in the making.
  std::string checks;
  JsonWriter json(checks);
  json.StartObject();
  Check worst = WriteConfig(sources.config(), json);
  worst = std::max(worst, WriteKubernetes(sources.discovery(), json));
  const std::vector<RefreshStatus> refreshes = sources.refreshes();
  worst = std::max(worst, WriteRefreshes(refreshes, RefreshKind::kFile, "file_sd", json));
  worst = std::max(worst, WriteRefreshes(refreshes, RefreshKind::kHttp, "http_sd", json));
  worst = std::max(worst, WriteLeaderElection(sources, json));
  WriteShard(sources, json);
  worst = std::max(worst, WriteLog(log, json));
  worst = std::max(worst, WriteMemory(sources.memory(), json));
  json.Key("receivers");
  json.StartObject();
  for (const ReceiverStatus& receiver : sources.receivers()) {
    worst = std::max(worst, WriteReceiver(receiver, json));
  }
  json.EndObject();
  json.EndObject();

  Check all = std::min(worst, Check::kDegraded);
  if (log == nullptr) all = Check::kFailing;
  HttpServerResponse response;
  response.status = all == Check::kFailing ? 503 : 200;
  response.content_type = "application/json";
  response.body = "{\"status\":\"" + std::string(Text(all)) +
                  "\",\"version\":\"" LIMPET_VERSION "\",\"checks\":" + checks + "}\n";
  return response;
}

std::string Readiness::Missing(const WebSources& sources) {
  std::string missing;
  if (sources.log() == nullptr) missing += "the log is not open\n";
  listed_once_ = listed_once_ || sources.all_listed();
  if (listed_once_) return missing;
  bool named = false;
  for (const DiscoveryStatus& watch : sources.discovery()) {
    if (watch.listed) continue;
    named = true;
    missing += "no list yet of role " + watch.role + " in " +
               (watch.name_space.empty() ? "all namespaces" : "namespace " + watch.name_space) +
               " from " + watch.api_server;
    if (!watch.last_error.empty()) missing += ": " + watch.last_error;
    missing += '\n';
  }
  for (const RefreshStatus& refresh : sources.refreshes()) {
    if (refresh.listed) continue;
    named = true;
    missing += "no list yet from " + refresh.origin;
    if (!refresh.last_error.empty()) missing += ": " + refresh.last_error;
    missing += '\n';
  }
  if (!named) missing += "not every discovery has listed\n";
  return ToValidUtf8(missing);
}

}  // namespace limpet
