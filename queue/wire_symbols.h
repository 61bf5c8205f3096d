// The strings of Remote-Write 2.0 messages: each is in a message once, series refer to its number.
//
// Who calls it: the senders; one thread at a time.
// Operation: a layout's distinct strings are found once and kept (LayoutSymbols); a message numbers
// the strings that its series use, as they come (SymbolTable). So a string is looked up by its
// content once a message and layout, whatever the number of samples, and with a hash that is known.
#ifndef LIMPET_QUEUE_WIRE_SYMBOLS_H_
#define LIMPET_QUEUE_WIRE_SYMBOLS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/clock.h"
#include "queue/series_block.h"
#include "queue/wire_cache.h"

namespace limpet {

// Request.symbols of one message.
class SymbolTable {
 public:
  SymbolTable() { Clear(); }

  static uint32_t Hash(std::string_view text);
  // The string's number, a new one where it has none yet. The empty string has 0.
  uint32_t Number(std::string_view text) { return Number(text, Hash(text)); }
  uint32_t Number(std::string_view text, uint32_t hash);
  // The field as it goes into the message.
  std::string_view encoded() const { return encoded_; }
  void Clear();
  // Clear that gives the memory back.
  void Release();

 private:
  struct Symbol {
    size_t start;  // of its text, in encoded_
    size_t size;
    uint32_t hash;
  };
  static constexpr size_t kSlotsMin = 256;
  static constexpr size_t kSlotsKeptMax = 8192;

  void Grow();
  std::string encoded_;
  std::vector<Symbol> symbols_;
  std::vector<uint32_t> slots_;  // open addressing by hash: a symbol's number, 0: free
};

// The distinct names and values in a block's labels, and for each series which ones it has.
class LayoutSymbols {
 public:
  explicit LayoutSymbols(const SeriesBlock& block);

  // How many strings there are; they are numbered from 0.
  size_t size() const { return symbols_.size(); }
  // Name, value, name, value: of all the series' labels, empty ones too.
  const uint32_t* RefsOf(size_t series) const { return refs_.data() + starts_[series]; }
  std::string_view Text(const SeriesBlock& block, size_t symbol) const {
    const Symbol& s = symbols_[symbol];
    return block.chunks()[s.chunk]->encoded().substr(s.start, s.size);
  }
  uint32_t HashOf(size_t symbol) const { return symbols_[symbol].hash; }
  size_t memory_bytes() const {
    return sizeof(*this) + symbols_.capacity() * sizeof(Symbol) +
           (refs_.capacity() + starts_.capacity()) * sizeof(uint32_t);
  }

 private:
  struct Symbol {
    uint32_t chunk;
    uint32_t start;  // in the chunk's encoded()
    uint32_t size;
    uint32_t hash;
  };
  std::vector<Symbol> symbols_;
  std::vector<uint32_t> refs_;
  std::vector<uint32_t> starts_;
};

// Those of the layouts in use, for all senders together.
class LayoutSymbolsCache {
 public:
  static constexpr size_t kBytesMax = 4u << 20;
  static constexpr Millis kPeriod{10 * 60 * 1000};

  explicit LayoutSymbolsCache(const Clock& clock) : layouts_(clock, kBytesMax, kPeriod) {}

  // Good until the next call.
  const LayoutSymbols& Get(const SeriesBlock& block);
  void Expire() { layouts_.Expire(); }

 private:
  WireCache<uint64_t, LayoutSymbols> layouts_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_SYMBOLS_H_
