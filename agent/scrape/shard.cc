#include "agent/scrape/shard.h"

#include <charconv>
#include <optional>

#include "agent/scrape/error_excerpt.h"

namespace limpet {
namespace {

std::optional<uint32_t> ParseNumber(std::string_view text) {
  uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

// "7", or the 7 of "limpet-7".
std::optional<uint32_t> ParseOrdinal(std::string_view text) {
  const size_t dash = text.rfind('-');
  if (dash == std::string_view::npos) return ParseNumber(text);
  return dash == 0 ? std::nullopt : ParseNumber(text.substr(dash + 1));
}

}  // namespace

bool Shard::Owns(uint64_t identity) const {
  if (count <= 1) return true;
  int64_t last = -1;
  int64_t next = 0;
  while (next < static_cast<int64_t>(count)) {
    last = next;
    identity = identity * 2862933555777941757ULL + 1;
    // Exact in IEEE 754, which divides the same everywhere.
    next = static_cast<int64_t>(static_cast<double>(last + 1) *
                                (2147483648.0 / static_cast<double>((identity >> 33) + 1)));
  }
  return last == static_cast<int64_t>(index);
}

Result<Shard> ParseShard(std::string_view shards, std::string_view shard) {
  Shard parsed;
  const auto count = ParseNumber(shards);
  if (!count || *count == 0 || *count > kShardsMax) {
    return Error{"--shards: expected a number from 1 to " + std::to_string(kShardsMax) +
                 ", found " + QuotedExcerpt(shards)};
  }
  parsed.count = *count;
  if (shard.empty()) {
    if (parsed.count == 1) return parsed;
    return Error{"--shard is missing: which of the " + std::to_string(parsed.count) +
                 " shards this is, from 0"};
  }
  const auto index = ParseOrdinal(shard);
  if (!index) {
    return Error{"--shard: expected a number or a name that ends in one, such as limpet-0; found " +
                 QuotedExcerpt(shard)};
  }
  if (*index >= parsed.count) {
    return Error{"--shard: " + QuotedExcerpt(shard) + " is shard " + std::to_string(*index) +
                 ", and --shards " + std::to_string(parsed.count) + " has shards 0 to " +
                 std::to_string(parsed.count - 1)};
  }
  parsed.index = *index;
  return parsed;
}

}  // namespace limpet
