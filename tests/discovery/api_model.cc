#include "tests/discovery/api_model.h"

#include <algorithm>
#include <charconv>

namespace limpet {
namespace {

constexpr int kStanding = 4;
constexpr int kNames = 12;
constexpr size_t kPageObjects = 5;

std::string ListEndText(uint64_t version) {
  return R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":")" +
         std::to_string(version) + R"(","annotations":{"k8s.io/initial-events-end":"true"}}}})";
}

}  // namespace

ApiModel::ApiModel(ScriptedApiServer& server, uint32_t seed, Manner manner)
    : server_(server),
      random_(seed),
      streams_(manner.streams),
      garbles_(manner.garbles),
      answered_(server.requests().size()) {
  for (int i = 0; i < kStanding; ++i) {
    Record("ADDED", {"standing-" + std::to_string(i), "10.0.1." + std::to_string(i)});
  }
}

void ApiModel::Record(const std::string& type, const PodText& pod) {
  PodText recorded = pod;
  recorded.version = std::to_string(++version_);
  if (type == "DELETED") {
    pods_.erase(pod.name);
  } else {
    pods_[pod.name] = recorded;
    if (!pod.ip.empty()) truths_.insert({pod.name, pod.ip});
  }
  events_.push_back({version_, type, recorded});
}

void ApiModel::Change() {
  const std::string name = "p" + std::to_string(random_() % kNames);
  const std::string ip = Chance(20) ? "" : "10.0.0." + std::to_string(random_() % 8);
  const auto known = pods_.find(name);
  if (Chance(10)) {
    ++version_;  // something else in the cluster
  } else if (Chance(10)) {
    Record("MODIFIED", pods_.at("standing-" + std::to_string(random_() % kStanding)));
  } else if (known == pods_.end()) {
    Record("ADDED", {name, ip});
  } else if (Chance(50)) {
    Record("DELETED", PodText(known->second));
  } else {
    Record("MODIFIED", {name, ip});
  }
}

void ApiModel::Step() {
  for (uint32_t i = random_() % 4; i > 0; --i) Change();
  if (Chance(5)) {
    oldest_ = version_;
    pages_.clear();
  }
  faulty_ = true;
  Serve();
}

void ApiModel::Settle() {
  faulty_ = false;
  Serve();
}

// What was garbled is on no connection any more, and whoever watches has to list.
void ApiModel::Mend() {
  for (size_t request = 0; request < answered_; ++request) {
    if (server_.IsOpen(request)) server_.CloseAt(request);
  }
  watch_.reset();
  pages_.clear();
  has_to_list_ = true;
}

void ApiModel::Serve() {
  for (; answered_ < server_.requests().size(); ++answered_) {
    if (!server_.IsOpen(answered_)) continue;
    watch_.reset();
    const ApiRequest request = server_.requests()[answered_];
    if (faulty_ && Chance(25)) {
      Refuse(answered_);
    } else if (request.query.contains("sendInitialEvents")) {
      AnswerStreamingList(answered_);
    } else if (request.query.contains("watch")) {
      AnswerWatch(answered_);
    } else {
      AnswerList(answered_);
    }
  }
  Feed();
}

void ApiModel::Send(size_t request, std::string bytes) {
  if (garbles_ && faulty_ && Chance(20)) {
    for (uint32_t i = random_() % 3 + 1; i > 0 && !bytes.empty(); --i) {
      bytes[random_() % bytes.size()] ^= static_cast<char>(1 << random_() % 8);
    }
  }
  server_.SendTo(request, bytes);
}

void ApiModel::Refuse(size_t request) {
  if (Chance(30)) return server_.CloseAt(request);
  const int statuses[] = {401, 403, 404, 429, 500, 503, 504};
  const int status = statuses[random_() % std::size(statuses)];
  Send(request, JsonAnswer(status, StatusText(status, "not now")));
}

bool ApiModel::Answer(size_t request, const std::string& bytes) {
  if (!faulty_ || !Chance(15)) {
    Send(request, bytes);
    return true;
  }
  Send(request, bytes.substr(0, random_() % bytes.size()));
  server_.CloseAt(request);
  return false;
}

void ApiModel::AnswerList(size_t request) {
  const auto& query = server_.requests()[request].query;
  Snapshot rest;
  if (const auto token = query.find("continue"); token != query.end()) {
    const auto page = pages_.find(token->second);
    if (page == pages_.end()) {
      return Send(request, JsonAnswer(410, StatusText(410, "expired")));
    }
    rest = page->second;
  } else {
    rest.version = version_;
    if (!faulty_) has_to_list_ = false;
    for (const auto& [name, pod] : pods_) rest.pods.push_back(pod);
  }
  std::string next;
  const size_t size = std::min(rest.pods.size(), kPageObjects);
  const std::vector<PodText> page(rest.pods.begin(), rest.pods.begin() + size);
  rest.pods.erase(rest.pods.begin(), rest.pods.begin() + size);
  if (!rest.pods.empty()) {
    next = "page-" + std::to_string(pages_.size());
    pages_[next] = rest;
  }
  Answer(request, JsonAnswer(200, ListText(std::to_string(rest.version), page, next)));
}

void ApiModel::AnswerWatch(size_t request) {
  const std::string& version = server_.requests()[request].query.at("resourceVersion");
  uint64_t from = 0;  // also where it has been garbled
  std::from_chars(version.data(), version.data() + version.size(), from);
  if (from < oldest_ || has_to_list_) {
    if (Chance(50)) return Send(request, JsonAnswer(410, StatusText(410, "too old")));
    return Send(request, WatchAnswer() + Chunk(ErrorEventText(410)) + std::string(kLastChunk));
  }
  Send(request, WatchAnswer());
  watch_ = request;
  told_ = from;
}

void ApiModel::AnswerStreamingList(size_t request) {
  if (!streams_) return Send(request, JsonAnswer(422, StatusText(422, "forbidden")));
  std::string events;
  for (const auto& [name, pod] : pods_) events += EventText("ADDED", pod);
  if (!faulty_) has_to_list_ = false;
  const std::string answer = WatchAnswer() + Chunk(events + ListEndText(version_));
  if (!Answer(request, answer)) return;
  watch_ = request;
  told_ = version_;
}

// Tells the open watch what has happened.
void ApiModel::Feed() {
  if (!watch_ || !server_.IsOpen(*watch_)) return;
  if (faulty_ && Chance(30)) return;  // late
  std::string text;
  for (const Event& event : events_) {
    if (event.version <= told_) continue;
    text += EventText(event.type, event.pod);
    if (faulty_ && Chance(10)) text += EventText(event.type, event.pod);
  }
  told_ = version_;
  if (Chance(30)) text += BookmarkText(std::to_string(version_));
  if (faulty_ && !text.empty() && Chance(15)) {
    // Torn: the rest comes with the next watch.
    Send(*watch_, Chunk(text).substr(0, random_() % text.size()));
    server_.CloseAt(*watch_);
    return watch_.reset();
  }
  if (!text.empty()) Send(*watch_, Chunk(text));
  if (faulty_ && Chance(15)) Fault();
}

void ApiModel::Fault() {
  switch (random_() % 4) {
    case 0:
      Send(*watch_, std::string(kLastChunk));
      break;
    case 1:
      Send(*watch_, Chunk(ErrorEventText(Chance(50) ? 500 : 429)));
      break;
    case 2:
      Send(*watch_, Chunk(R"({"type":"ADDED","object":{]})"));
      break;
    default:
      server_.CloseAt(*watch_);
  }
  watch_.reset();
}

}  // namespace limpet
