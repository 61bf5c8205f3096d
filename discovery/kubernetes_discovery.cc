#include "discovery/kubernetes_discovery.h"

#include <algorithm>
#include <utility>

#include "agent/platform/logging.h"
#include "discovery/record.h"

namespace limpet {
namespace {

// Never 0 for one with targets.
uint64_t HashOfGroup(const TargetGroup& group) {
  if (group.targets.empty()) return 0;
  uint64_t hash = group.labels.Hash();
  for (const Labels& target : group.targets) {
    hash = (hash ^ target.Hash()) * 0x9e3779b97f4a7c15 + (hash >> 29);
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace

uint64_t KubernetesDiscovery::HashOfNeed(Related kind, std::string_view key) {
  return std::hash<std::string_view>()(key) * kAllRelated.size() + static_cast<uint64_t>(kind);
}

KubernetesDiscovery::KubernetesDiscovery(Parts parts, OnChange on_change, OnList on_list)
    : parts_(std::move(parts)),
      on_change_(std::move(on_change)),
      on_list_(std::move(on_list)),
      has_related_(std::any_of(parts_.related.begin(), parts_.related.end(),
                               [](const auto& store) { return store != nullptr; })),
      ready_(RelatedListed()) {
  parts_.objects->Subscribe(*this);
  for (const auto& store : parts_.related) {
    if (store) store->Subscribe(*this);
  }
  if (ready_) {
    TouchAll();
    std::vector<TargetGroup> untold;
    Remake(untold);
  }
}

KubernetesDiscovery::~KubernetesDiscovery() {
  parts_.objects->Unsubscribe(*this);
  for (const auto& store : parts_.related) {
    if (store) store->Unsubscribe(*this);
  }
}

bool KubernetesDiscovery::RelatedListed() const {
  return std::all_of(parts_.related.begin(), parts_.related.end(),
                     [](const auto& store) { return store == nullptr || store->listed(); });
}

bool KubernetesDiscovery::listed() const { return parts_.objects->listed() && RelatedListed(); }

bool KubernetesDiscovery::Overlaps(const GroupSource& source) const {
  const auto* other = dynamic_cast<const KubernetesDiscovery*>(&source);
  if (other == nullptr) return false;
  const std::string& one = parts_.objects->name_space();
  const std::string& another = other->parts_.objects->name_space();
  return one.empty() || another.empty() || one == another;
}

void KubernetesDiscovery::ForEachGroup(const std::function<void(TargetGroup)>& function) {
  for (Slot slot = 0; slot < told_.size(); ++slot) {
    if (told_[slot] != 0) function(Make(slot));
  }
}

std::string KubernetesDiscovery::SourceOf(Slot slot) const {
  RecordReader in(parts_.objects->record(slot));
  const std::string_view name_space = in.Text();
  std::string source(parts_.role->source_prefix);
  if (parts_.role->kind.namespaced) source.append(name_space).append("/");
  return source.append(in.Text());
}

bool KubernetesDiscovery::ForEachWanted(const WantTargetGroup& want, const TakeTargetGroup& take) {
  for (Slot slot = 0; slot < told_.size(); ++slot) {
    if (told_[slot] != 0 && want(SourceOf(slot)) && !take(Make(slot))) return false;
  }
  return true;
}

bool KubernetesDiscovery::HasGroup(const std::string& source) const {
  const std::string_view prefix = parts_.role->source_prefix;
  if (!source.starts_with(prefix)) return false;
  std::string_view name = std::string_view(source).substr(prefix.size());
  std::string_view name_space;
  if (parts_.role->kind.namespaced) {
    const size_t slash = std::min(name.find('/'), name.size());
    name_space = name.substr(0, slash);
    name.remove_prefix(std::min(slash + 1, name.size()));
  }
  const auto slot = parts_.objects->Find(name_space, name);
  return slot && *slot < told_.size() && told_[*slot] != 0;
}

void KubernetesDiscovery::OnStoreChange(const KubernetesStore& store,
                                        const std::vector<Slot>& slots) {
  if (&store == parts_.objects.get()) {
    for (const Slot slot : slots) Touch(slot);
  }
  for (const Related kind : kAllRelated) {
    if (parts_.related[static_cast<size_t>(kind)].get() != &store) continue;
    for (const Slot slot : slots) {
      ForEachNeeding(kind, KeyOfRecord(store.record(slot)), [this](Slot by) { Touch(by); });
    }
  }
  std::vector<TargetGroup> changed;
  Remake(changed);
  Tell(changed);
}

void KubernetesDiscovery::OnStoreList(const KubernetesStore&) {
  if (!ready_ && RelatedListed()) {
    ready_ = true;
    TouchAll();
    std::vector<TargetGroup> changed;
    Remake(changed);
    Tell(changed);
  }
  on_list_();
}

void KubernetesDiscovery::Tell(const std::vector<TargetGroup>& changed) {
  if (!changed.empty()) on_change_(*this, changed);
}

void KubernetesDiscovery::Touch(Slot slot) {
  if (slot >= is_touched_.size()) is_touched_.resize(slot + 1);
  if (!is_touched_[slot]) touched_.push_back(slot);
  is_touched_[slot] = true;
}

void KubernetesDiscovery::TouchAll() {
  for (Slot slot = 0; slot < parts_.objects->slots(); ++slot) {
    if (parts_.objects->IsKnown(slot)) Touch(slot);
  }
}

std::optional<std::string_view> KubernetesDiscovery::Find(Related kind, std::string_view name_space,
                                                          std::string_view name) {
  const std::string key = RecordKey(name_space, name);
  asked_.push_back(HashOfNeed(kind, key));
  const auto& store = parts_.related[static_cast<size_t>(kind)];
  if (!store) return std::nullopt;
  const auto slot = store->FindKnown(key);
  if (!slot) return std::nullopt;
  return store->record(*slot);
}

TargetGroup KubernetesDiscovery::Make(Slot slot) {
  asked_.clear();
  cut_ = false;
  TargetGroup group = parts_.role->group(parts_.objects->record(slot), parts_.attach, *this);
  return group;
}

void KubernetesDiscovery::Remake(std::vector<TargetGroup>& changed) {
  const std::vector<Slot> touched = std::exchange(touched_, {});
  const KubernetesStore& objects = *parts_.objects;
  if (told_.size() < objects.slots()) told_.resize(objects.slots());
  for (const Slot slot : touched) {
    is_touched_[slot] = false;
    if (!ready_) continue;
    TargetGroup group = Make(slot);
    if (!objects.IsKnown(slot)) {
      group.targets.clear();
      asked_.clear();
    }
    if (has_related_) SetNeeds(slot, std::exchange(asked_, {}));
    const uint64_t hash = HashOfGroup(group);
    // Neither the same again nor what had no targets and has none now.
    if (hash == told_[slot]) continue;
    told_[slot] = hash;
    if (cut_) {
      LogWarn("Kubernetes object with too many targets, not all are taken",
              {{"source", group.source}, {"targets", group.targets.size()}});
    }
    changed.push_back(std::move(group));
  }
}

void KubernetesDiscovery::SetNeeds(Slot slot, std::vector<uint64_t> needs) {
  std::sort(needs.begin(), needs.end());
  needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
  if (needs_.size() <= slot) needs_.resize(slot + 1);
  std::vector<uint64_t>& known = needs_[slot];
  if (needs == known) return;
  for (const uint64_t need : known) {
    if (!std::binary_search(needs.begin(), needs.end(), need)) needed_by_.erase({need, slot});
  }
  for (const uint64_t need : needs) {
    if (!std::binary_search(known.begin(), known.end(), need)) needed_by_.emplace(need, slot);
  }
  needs.shrink_to_fit();
  known = std::move(needs);
}

}  // namespace limpet
