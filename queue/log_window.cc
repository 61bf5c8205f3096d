#include "queue/log_window.h"

#include <algorithm>

namespace limpet {
namespace {

constexpr size_t kBlockBytesMin = 4 * 1024;
constexpr size_t kBlockBytesMax = 256 * 1024;
// What a few live scrapes need stays.
constexpr size_t kKeptBlockBytes = 16 * 1024;
constexpr size_t kKeptEntries = 64;

}  // namespace

void LogWindow::Add(uint64_t key, std::string_view payload, uint32_t samples) {
  const auto place = static_cast<uint32_t>(entries_.size());
  const auto [known, fresh] = group_of_.try_emplace(key, static_cast<uint32_t>(groups_.size()));
  if (fresh) groups_.push_back({place, place, 0});
  Group& group = groups_[known->second];
  if (!fresh) entries_[group.last].next = place;
  group.last = place;
  entries_.push_back({{Store(payload), samples}, 0});
  // Small scrapes cost more in the index than in bytes.
  bytes_ += payload.size() + sizeof(Entry) + (fresh ? 2 * sizeof(Group) + 32 : 0);
  full_ = ++group.scrapes >= kScrapesPerTargetMax || bytes_ >= kBytesMax || full_;
}

std::string_view LogWindow::Store(std::string_view payload) {
  if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < payload.size()) {
    // Blocks never move: what was stored is pointed to.
    blocks_.emplace_back().reserve(
        std::max(payload.size(), std::clamp(bytes_, kBlockBytesMin, kBlockBytesMax)));
  }
  std::string& block = blocks_.back();
  const size_t begin = block.size();
  block.append(payload);
  return std::string_view(block).substr(begin);
}

LogWindow::Scrape LogWindow::Take() {
  const Group& group = groups_[group_];
  const Entry& entry = entries_[in_group_ == 0 ? group.first : next_entry_];
  next_entry_ = entry.next;
  if (++in_group_ == group.scrapes) {
    ++group_;
    in_group_ = 0;
  }
  ++taken_;
  return entry.scrape;
}

void LogWindow::Clear() {
  if (entries_.capacity() > kKeptEntries) {
    *this = LogWindow();
    return;
  }
  const bool keep = !blocks_.empty() && blocks_.front().capacity() <= kKeptBlockBytes;
  blocks_.resize(keep ? 1 : 0);
  if (keep) blocks_.front().clear();
  entries_.clear();
  groups_.clear();
  group_of_.clear();
  bytes_ = 0;
  full_ = false;
  taken_ = 0;
  group_ = 0;
  in_group_ = 0;
}

}  // namespace limpet
