// The objects of one kind in one scope, by LIST and then WATCH, for as long as it lives.
//
// Who calls it: KubernetesStore; the loop's thread only.
// Operation: a LIST gives the state and a resourceVersion; a WATCH goes on from there, and takes
// the version of every event and bookmark. Where the server has streaming lists, both are one
// answer: the objects come as the first events of the watch, up to a bookmark that says so; where
// it does not (it then answers 400 or 422, or never sends that bookmark), the LIST is paginated. A
// watch that ends or breaks is opened again from the last version, without a LIST. Only "gone"
// (410, as a status or as an ERROR event), a version that the server does not understand (400), an
// event that is not JSON, or three refusals in a row without progress (a server restored from a
// backup never gets to a version of its future) lead to a new LIST, whose differences are all that
// the sink sees. Who we are (401, 403), how often we ask (429) and a gateway that finds nobody
// (502, 503) say nothing about the version, nor does a failure without an answer. Nothing is taken
// back while the API server is away or refuses. Retries: exponential back-off with jitter, reset by
// success; Retry-After is kept to; 401 and 403 are tried again like everything else, with the token
// and certificates read anew. Limits: KubernetesWatchOptions. A watch that is silent for too long
// is opened again. Source:
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
#ifndef LIMPET_DISCOVERY_KUBERNETES_WATCH_H_
#define LIMPET_DISCOVERY_KUBERNETES_WATCH_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/platform/event_loop.h"
#include "agent/platform/http_client.h"
#include "discovery/backoff.h"
#include "discovery/discovery_status.h"
#include "discovery/json_object.h"
#include "discovery/kubernetes_api.h"
#include "discovery/kubernetes_kind.h"
#include "discovery/kubernetes_options.h"
#include "discovery/object_splitter.h"

namespace limpet {

struct KubernetesScope {
  std::string name_space;      // empty: all
  bool own_namespace = false;  // the identity's own instead
  std::string label_selector;
  std::string field_selector;
  friend bool operator==(const KubernetesScope&, const KubernetesScope&) = default;
};

// Called during the loop's turn in which the bytes arrived.
class KubernetesWatchSink {
 public:
  virtual ~KubernetesWatchSink() = default;
  // A LIST begins (also when one starts over). Until OnListed, OnObject tells its objects.
  virtual void OnListStart() = 0;
  // What was not in the LIST is no more.
  virtual void OnListed() = 0;
  virtual void OnObject(const JsonValue& object) = 0;
  virtual void OnDeleted(const JsonValue& object) = 0;
  // No more for the moment: the time to pass changes on.
  virtual void OnTurnEnd() = 0;
};

class KubernetesWatch : private HttpResponseHandler {
 public:
  KubernetesWatch(EventLoop& loop, const Clock& clock, std::shared_ptr<KubernetesApi> api,
                  const KubernetesKind& kind, KubernetesScope scope,
                  const KubernetesWatchOptions& options, KubernetesWatchSink& sink);
  ~KubernetesWatch() override;

  void Start();
  // Without the counts of events and objects, which the sink knows.
  const DiscoveryStatus& status() const { return status_; }

 private:
  enum class Phase { kWaiting, kListing, kStreaming, kWatching };
  // kStreaming: a watch whose first events are still a list.
  // What to do about a failure, besides waiting.
  enum class Remedy { kResume, kRelist };
  // Why an answer was not read to its end.
  struct Stop {
    Error error;
    Remedy remedy = Remedy::kResume;
    bool gone = false;  // 410: the version is too old, which is nobody's fault
  };

  bool OnHead(const HttpResponseHead& head) override;
  bool OnBody(std::string_view bytes) override;
  void OnDone(const Result<void>& result) override;

  void Begin();
  void SendList();
  void SendStreamingList();
  void StartList();
  Millis WatchTimeout();
  void SendWatch();
  void Send(const std::string& path_and_query, SteadyTime deadline);
  void OnListPage(const Result<void>& result);
  void OnListEnd(std::string_view resource_version);
  void OnWatchEnd(const Result<void>& result);
  void OnStreamingListEnd(const Result<void>& result);
  Result<void> OnListObject(std::string& text);
  Result<void> OnWatchEvent(std::string& text);
  Stop ErrorEvent(const JsonValue& status_object);
  // Something has come: the watch is alive.
  void Heard();
  void EndTurn();
  void NoteOversized();
  // The error of an answer that is not 200.
  Error StatusError();

  void Fail(const Error& error, Remedy remedy);
  // The version has been refused, by a status or an ERROR event.
  Remedy Refused(int code);
  // The version is too old: a LIST, at once unless the last one has only just been.
  void Gone();
  void Retry(Millis delay);
  void Connected();
  std::string Query(std::vector<std::pair<std::string, std::string>> params) const;
  std::string Path() const;

  EventLoop& loop_;
  const Clock& clock_;
  const std::shared_ptr<KubernetesApi> api_;
  const KubernetesKind& kind_;
  const KubernetesScope scope_;
  const KubernetesWatchOptions& options_;
  KubernetesWatchSink& sink_;
  Backoff backoff_;
  Timer timer_;
  Timer turn_;
  DiscoveryStatus status_;
  std::string logged_;  // the state that was logged last

  Phase phase_ = Phase::kWaiting;
  std::string resource_version_;  // empty: LIST first
  std::string continue_;          // the next page of the LIST under way
  bool plain_list_ = false;       // a streaming one has failed
  SteadyTime list_start_;
  uint32_t refusals_ = 0;  // of resource_version_, in a row
  SteadyTime listed_;      // when the last LIST was complete

  // The exchange under way.
  std::unique_ptr<HttpConnection> connection_;
  uint64_t connection_version_ = 0;
  std::optional<ObjectSplitter> splitter_;
  int http_status_ = 0;
  Millis retry_after_{0};
  std::string error_body_;
  uint64_t body_bytes_ = 0;
  std::optional<Stop> stop_;
  SteadyTime sent_;
  SteadyTime heard_;
  SteadyTime deadline_;
  Millis longest_silence_{0};
  bool bookmarks_ = false;
  bool progressed_ = false;  // an event or bookmark has come
  bool turn_open_ = false;   // the sink waits for OnTurnEnd
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBERNETES_WATCH_H_
