#include "agent/web/pages.h"

#include <cstdio>
#include <map>
#include <string>

#include "agent/config/units.h"
#include "agent/platform/url.h"
#include "agent/web/html.h"
#include "agent/web/target_text.h"

namespace limpet {
namespace {

constexpr uint64_t kTargetsMax = 2000;
constexpr uint64_t kDroppedMax = 50;

std::string Count(uint64_t count, std::string_view one) {
  return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

std::string Seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", seconds);
  return text;
}

std::string AgeText(int64_t now_ms, int64_t then_ms) {
  if (then_ms == 0) return "never";
  if (then_ms >= now_ms) return "now";
  return Seconds(static_cast<double>(now_ms - then_ms) / 1000) + " ago";
}

std::string LabelsHtml(const Labels& labels) {
  std::string html;
  for (const Label& label : labels) {
    html += "<code>" + HtmlText(label.name) + "=\"" + HtmlText(label.value) + "\"</code>";
  }
  return html;
}

// A scheme that relabelling made up must not become a link (javascript:).
std::string UrlHtml(const std::string& url) {
  std::string text = HtmlText(url);
  if (!url.starts_with("http://") && !url.starts_with("https://")) return text;
  return "<a rel=\"noreferrer\" href=\"" + text + "\">" + text + "</a>";
}

std::string TargetRow(const TargetStatus& target, int64_t now_ms) {
  const std::string health(HealthText(target.health));
  return "<tr><td class=\"url\">" + UrlHtml(target.scrape_url) + "</td><td class=\"" + health +
         "\">" + health + "</td><td>" + LabelsHtml(target.labels) + "</td><td>" +
         AgeText(now_ms, target.last_scrape_ms) + "</td><td>" +
         Seconds(target.last_scrape_duration_seconds) + "</td><td>" +
         FormatDuration(target.interval) + "</td><td class=\"error\">" +
         HtmlText(target.last_error) + "</td></tr>\n";
}

// A pod that a dropped target belongs to, as a link to what is known of it.
std::string PodHtml(const Labels& discovered) {
  const std::string name_space(discovered.Get("__meta_kubernetes_namespace"));
  const std::string name(discovered.Get("__meta_kubernetes_pod_name"));
  if (name_space.empty() || name.empty()) return "";
  const std::string pod = name_space + "/" + name;
  return "<a href=\"/api/v1/targets/explain?" + HtmlText(EncodeQuery({{"pod", pod}})) + "\">" +
         HtmlText(pod) + "</a>";
}

// Some of those that relabelling dropped; `count` is how many there are.
std::string DroppedHtml(const WebSources& sources, std::string_view scrape_pool, uint64_t count) {
  std::string rows;
  uint64_t left = kDroppedMax;
  sources.for_each_dropped(scrape_pool, [&](const std::string& job, const Labels& discovered) {
    if (left == 0) return false;
    --left;
    rows += "<tr><td>" + HtmlText(job) + "</td><td>" + HtmlText(discovered.Get("__address__")) +
            "</td><td>" + PodHtml(discovered) + "</td></tr>\n";
    return true;
  });
  std::string html = "<h2>Dropped by relabelling (" + std::to_string(count) + ")</h2>\n";
  if (!rows.empty()) {
    html +=
        "<table><thead><tr><th>Job</th><th>Address</th><th>Why its pod is not scraped</th></tr>"
        "</thead><tbody>\n" +
        rows + "</tbody></table>\n";
  }
  return html +
         "<p><a href=\"/api/v1/targets?state=dropped\">More of them</a>, with all labels.</p>\n";
}

struct JobTable {
  uint64_t targets = 0;
  uint64_t up = 0;
  std::string rows;
};

// One line a receiver: what there is to see first when samples do not arrive.
std::string ReceiversHtml(const std::vector<ReceiverStatus>& receivers) {
  if (receivers.empty()) return {};
  std::string html =
      "<h2>Receivers</h2>\n<table><thead><tr><th>Name</th><th>State</th><th>URL</th><th>Message</"
      "th>"
      "<th>Shards</th><th>Lag</th><th>Backlog</th><th>Sent</th><th>Given up</th><th>Error</th></tr>"
      "</thead><tbody>\n";
  for (const ReceiverStatus& receiver : receivers) {
    uint64_t given_up = 0;
    for (const auto& [reason, count] : receiver.samples_dropped_total) {
      if (reason != "write_relabel") given_up += count;
    }
    const std::string state = receiver.healthy ? "up" : "down";
    html += "<tr><td>" + HtmlText(receiver.name) + "</td><td class=\"" + state + "\">" + state +
            "</td><td>" + HtmlText(receiver.url) + "</td><td>" + HtmlText(receiver.protocol) +
            (receiver.protocol_settled ? "" : " (offered)") + "</td><td>" +
            std::to_string(receiver.lanes) + " of " + std::to_string(receiver.lanes_max) +
            "</td><td>" + Seconds(static_cast<double>(receiver.lag_ms) / 1000) + "</td><td>" +
            std::to_string(receiver.backlog_bytes) + " B</td><td>" +
            std::to_string(receiver.samples_sent_total) + "</td><td>" + std::to_string(given_up) +
            "</td><td class=\"error\">" + HtmlText(receiver.last_error) + "</td></tr>\n";
  }
  return html + "</tbody></table>\n";
}

// Which part of the work this process does, where there are others.
std::string RoleHtml(const WebSources& sources) {
  std::string html;
  const Shard shard = sources.shard();
  if (shard.count > 1) {
    html += " Shard " + std::to_string(shard.index) + " of " + std::to_string(shard.count) + ".";
  }
  if (!sources.leader_election) return html;
  const LeaderElectionStatus election = sources.leader_election();
  if (election.active) return html + " Active.";
  html += " On standby";
  if (!election.holder.empty()) html += ", the lease is held by " + HtmlText(election.holder);
  return html + ".";
}

}  // namespace

HttpServerResponse IndexPage(const WebSources& sources) {
  uint64_t targets = 0;
  uint64_t up = 0;
  sources.for_each_target([&](const TargetStatus& target) {
    ++targets;
    up += target.health == TargetHealth::kUp;
  });
  std::string body = "<p>limpet " LIMPET_VERSION ": " + Count(targets, "target") + ", " +
                     std::to_string(up) + " up; " + Count(sources.receivers().size(), "receiver") +
                     "." + RoleHtml(sources) + "</p>\n<ul>";
  for (const auto& [path, what] :
       {std::pair{"/targets", "the targets, job by job"},
        {"/health", "the state of Kubernetes, log and receivers (JSON)"},
        {"/metrics", "limpet's own metrics"},
        {"/api/v1/targets", "the targets in Prometheus' JSON"},
        {"/api/v1/targets/explain?pod=NAMESPACE/NAME", "why a pod is scraped, or not (JSON)"},
        {"/api/v1/targets/metadata?limit=1", "type, help and unit of the metrics (JSON)"},
        {"/api/v1/monitors", "ServiceMonitors and the like, as JSON"},
        {"/-/healthy", "whether limpet runs"},
        {"/-/ready", "whether limpet is ready, or what is missing"}}) {
    body += std::string("<li><a href=\"") + path + "\">" + path + "</a>: " + what + "</li>\n";
  }
  body += "<li>POST /-/reload: read the configuration again</li></ul>\n";
  body += ReceiversHtml(sources.receivers());
  return HtmlPage("limpet", body);
}

HttpServerResponse TargetsPage(const WebSources& sources, std::string_view scrape_pool) {
  const int64_t now_ms = sources.clock.WallMs();
  std::map<std::string, JobTable, std::less<>> jobs;
  uint64_t shown = 0;
  uint64_t hidden = 0;
  sources.for_each_target([&](const TargetStatus& target) {
    if (!scrape_pool.empty() && scrape_pool != target.job) return;
    JobTable& table = jobs[target.job];
    ++table.targets;
    table.up += target.health == TargetHealth::kUp;
    if (shown == kTargetsMax) {
      ++hidden;
      return;
    }
    ++shown;
    table.rows += TargetRow(target, now_ms);
  });
  std::string body;
  if (jobs.empty()) body += "<p>There are no active targets.</p>\n";
  for (const auto& [job, table] : jobs) {
    body += "<h2>" + HtmlText(job) + " (" + std::to_string(table.up) + " of " +
            std::to_string(table.targets) +
            " up)</h2>\n<table><thead><tr><th>Address</th><th>State</th><th>Labels</th>"
            "<th>Last scrape</th><th>Duration</th><th>Interval</th><th>Error</th></tr></thead>"
            "<tbody>\n" +
            table.rows + "</tbody></table>\n";
  }
  if (hidden > 0) {
    body += "<p>" + std::to_string(hidden) +
            " more are not shown here; <a href=\"/api/v1/targets\">the API</a> has them all, and "
            "?scrapePool=JOB shows one job.</p>\n";
  }
  uint64_t dropped = 0;
  for (const auto& [job, count] : sources.dropped_counts()) {
    if (scrape_pool.empty() || scrape_pool == job) dropped += count;
  }
  if (dropped > 0) body += DroppedHtml(sources, scrape_pool, dropped);
  body +=
      "<p>Why a pod is not scraped: <code>limpet explain NAMESPACE/NAME</code>, or "
      "<code>/api/v1/targets/explain?pod=NAMESPACE/NAME</code>.</p>\n";
  return HtmlPage("Targets", body);
}

}  // namespace limpet
