// Which part of all targets this process scrapes, where several divide them among themselves.
//
// Who calls it: the command line makes one, the scrape manager and `limpet targets` ask it; any
// thread.
// Operation: jump consistent hash of the target's identity, which is the same in every process, on
// every machine and after every restart. Each target has exactly one shard. One shard more takes
// its even part from all others, and nothing moves between those.
// Limits: 1024 shards.
// Source: Lamping and Veach, A Fast, Minimal Memory, Consistent Hash Algorithm (2014).
//
//   auto shard = ParseShard("3", "limpet-2");      // the third of three
//   if (!shard->Owns(spec.identity)) continue;
#ifndef LIMPET_AGENT_SCRAPE_SHARD_H_
#define LIMPET_AGENT_SCRAPE_SHARD_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/platform/result.h"

namespace limpet {

inline constexpr uint32_t kShardsMax = 1024;

struct Shard {
  uint32_t count = 1;
  uint32_t index = 0;  // from 0

  bool Owns(uint64_t identity) const;
  friend bool operator==(const Shard&, const Shard&) = default;
};

// What --shards and --shard say. The latter is a number, or the name of a StatefulSet's pod, whose
// number counts; it may be empty where there is one shard. Errors name the option.
Result<Shard> ParseShard(std::string_view shards, std::string_view shard);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SHARD_H_
