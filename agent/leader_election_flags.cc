#include "agent/leader_election_flags.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "agent/config/kubernetes_name.h"
#include "agent/config/units.h"
#include "agent/scrape/error_excerpt.h"

namespace limpet {
namespace {

const std::string kPrefix = "--leader-election.";
constexpr size_t kIdentityBytesMax = 256;
constexpr size_t kHostNameBytesMax = 256;

Error NotAName(const std::string& option, const char* characters, std::string_view name) {
  return Error{kPrefix + option + ": expected a Kubernetes name (" + characters + "), found " +
               QuotedExcerpt(name)};
}

std::string OwnName() {
  const char* pod = std::getenv("POD_NAME");
  if (pod != nullptr && *pod != '\0') return pod;
  char host[kHostNameBytesMax] = {};
  return gethostname(host, sizeof host - 1) == 0 ? host : "";
}

Result<Millis> ReadDuration(const std::string& option, const std::string& text) {
  const auto duration = ParseDuration(text);
  if (!duration) return Error{kPrefix + option + ": " + duration.error().message};
  return *duration;
}

Result<LeaseTerms> ReadTerms(const LeaderElectionFlags& flags) {
  const auto duration = ReadDuration("lease-duration", flags.lease_duration);
  if (!duration) return duration.error();
  const auto deadline = ReadDuration("renew-deadline", flags.renew_deadline);
  if (!deadline) return deadline.error();
  const auto retry = ReadDuration("retry-period", flags.retry_period);
  if (!retry) return retry.error();
  const LeaseTerms terms{*duration, *deadline, *retry};
  if (auto checked = CheckLeaseTerms(terms); !checked) return checked.error();
  return terms;
}

}  // namespace

void AddLeaderElectionFlags(CLI::App& app, LeaderElectionFlags& flags) {
  CLI::Option* enabled = app.add_flag("--leader-election", flags.enabled,
                                      "Scrape only while holding a Lease: of several replicas one");
  const auto add = [&](const char* name, std::string& value, const char* text) {
    app.add_option(kPrefix + name, value, text)->needs(enabled)->capture_default_str();
  };
  add("lease", flags.lease, "Name of the Lease; with --shards the shard's number follows");
  add("namespace", flags.name_space, "Its namespace; empty: limpet's own");
  add("identity", flags.identity, "This replica's name; empty: $POD_NAME, else the host's");
  add("lease-duration", flags.lease_duration, "When a lease that is not renewed may be taken over");
  add("renew-deadline", flags.renew_deadline, "How long the active one scrapes without renewing");
  add("retry-period", flags.retry_period, "Time between tries");
}

Result<std::optional<LeaderElectionOptions>> ReadLeaderElectionFlags(
    const LeaderElectionFlags& flags, Shard shard) {
  if (!flags.enabled) return std::optional<LeaderElectionOptions>();
  LeaderElectionOptions options;
  options.lease = flags.lease;
  if (shard.count > 1) options.lease += "-" + std::to_string(shard.index);
  if (!IsObjectName(options.lease)) {
    return NotAName("lease", "lower-case letters, digits, - and .", options.lease);
  }
  options.name_space = flags.name_space;
  if (!options.name_space.empty() && !IsNamespaceName(options.name_space)) {
    return NotAName("namespace", "lower-case letters, digits, -", options.name_space);
  }
  options.identity = flags.identity.empty() ? OwnName() : flags.identity;
  const bool is_text = std::all_of(options.identity.begin(), options.identity.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c < 0x7f;
  });
  if (options.identity.empty() || options.identity.size() > kIdentityBytesMax || !is_text) {
    return Error{kPrefix +
                 "identity: expected 1 to 256 printable characters without spaces, found " +
                 QuotedExcerpt(options.identity)};
  }
  auto terms = ReadTerms(flags);
  if (!terms) return terms.error();
  options.terms = *terms;
  return std::optional<LeaderElectionOptions>(std::move(options));
}

}  // namespace limpet
