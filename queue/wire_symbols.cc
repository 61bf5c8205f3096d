#include "queue/wire_symbols.h"

#include <xxhash.h>

#include <algorithm>
#include <unordered_map>

#include "queue/wire.h"

namespace limpet {

uint32_t SymbolTable::Hash(std::string_view text) {
  return static_cast<uint32_t>(XXH3_64bits(text.data(), text.size()));
}

uint32_t SymbolTable::Number(std::string_view text, uint32_t hash) {
  if (text.empty()) return 0;
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const Symbol& symbol = symbols_[slots_[slot]];
    if (symbol.hash == hash && symbol.size == text.size() &&
        std::string_view(encoded_).substr(symbol.start, symbol.size) == text) {
      return slots_[slot];
    }
  }
  const auto number = static_cast<uint32_t>(symbols_.size());
  slots_[slot] = number;
  char length[kVarintBytesMax];
  encoded_.push_back(kWireSymbols);
  encoded_.append(length, static_cast<size_t>(WriteVarint(length, text.size()) - length));
  symbols_.push_back({encoded_.size(), text.size(), hash});
  encoded_.append(text);
  if (2 * symbols_.size() > slots_.size()) Grow();
  return number;
}

void SymbolTable::Grow() {
  slots_.assign(2 * slots_.size(), 0);
  const size_t mask = slots_.size() - 1;
  for (uint32_t number = 1; number < symbols_.size(); ++number) {
    size_t slot = symbols_[number].hash & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = number;
  }
}

void SymbolTable::Clear() {
  encoded_.assign({kWireSymbols, 0});
  symbols_.assign(1, {});
  // A message with very many strings does not make it slow to clear for good.
  slots_.assign(std::clamp(slots_.size(), kSlotsMin, kSlotsKeptMax), 0);
}

void SymbolTable::Release() { *this = SymbolTable(); }

LayoutSymbols::LayoutSymbols(const SeriesBlock& block) {
  std::unordered_map<std::string_view, uint32_t> known;
  starts_.reserve(block.size());
  for (uint32_t c = 0; c < block.chunks().size(); ++c) {
    const SeriesChunk& chunk = *block.chunks()[c];
    const auto add = [&](std::string_view text) {
      const auto [at, added] = known.try_emplace(text, static_cast<uint32_t>(symbols_.size()));
      if (added) {
        const size_t start =
            text.empty() ? 0 : static_cast<size_t>(text.data() - chunk.encoded().data());
        symbols_.push_back({c, static_cast<uint32_t>(start), static_cast<uint32_t>(text.size()),
                            SymbolTable::Hash(text)});
      }
      refs_.push_back(at->second);
    };
    for (size_t series = 0; series < chunk.size(); ++series) {
      starts_.push_back(static_cast<uint32_t>(refs_.size()));
      std::string_view rest = chunk.Encoded(series);
      std::string_view name;
      std::string_view value;
      while (NextEncodedLabel(rest, name, value)) {
        add(name);
        add(value);
      }
    }
  }
  symbols_.shrink_to_fit();
  refs_.shrink_to_fit();
}

const LayoutSymbols& LayoutSymbolsCache::Get(const SeriesBlock& block) {
  if (const LayoutSymbols* known = layouts_.Find(block.id())) return *known;
  LayoutSymbols made(block);
  const size_t bytes = made.memory_bytes();
  return layouts_.Put(block.id(), std::move(made), bytes);
}

}  // namespace limpet
