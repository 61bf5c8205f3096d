// What the API server answers: the pages of a LIST, the events of a WATCH, and errors.
#include <algorithm>
#include <string>
#include <utility>

#include "agent/platform/logging.h"
#include "discovery/api_error.h"
#include "discovery/kubernetes_watch.h"

namespace limpet {
namespace {

// Tokens of the server's that go into the next request.
constexpr size_t kVersionBytesMax = 256;
constexpr size_t kContinueBytesMax = 16 * 1024;

// Whether a bookmark is the one that ends the list at the beginning of a watch.
bool EndsList(const JsonValue& object) {
  const JsonValue& annotations = JsonObjectAt(JsonObjectAt(object, "metadata"), "annotations");
  return JsonStringAt(annotations, "k8s.io/initial-events-end") == "true";
}

}  // namespace

Result<void> KubernetesWatch::OnListObject(std::string& text) {
  rapidjson::Document document;
  if (auto parsed = ParseJsonObject(text, document); !parsed) return parsed;
  sink_.OnObject(document);
  return {};
}

void KubernetesWatch::OnListPage(const Result<void>& result) {
  if (stop_) return Fail(stop_->error, stop_->remedy);
  if (http_status_ != 0 && http_status_ != 200) {
    // A page that has expired (410) or is not understood (400): from the beginning.
    const bool restart = http_status_ == 410 || http_status_ == 400;
    return Fail(StatusError(), restart ? Remedy::kRelist : Remedy::kResume);
  }
  if (!result) return Fail(result.error(), Remedy::kResume);
  if (!splitter_->complete()) return Fail(Error{"the answer ends early"}, Remedy::kResume);
  rapidjson::Document document;
  if (auto parsed = ParseJsonObject(splitter_->envelope(), document); !parsed) {
    return Fail(parsed.error(), Remedy::kResume);
  }
  const JsonValue& metadata = JsonObjectAt(document, "metadata");
  const std::string_view version = JsonStringAt(metadata, "resourceVersion");
  const std::string_view next = JsonStringAt(metadata, "continue");
  if (version.empty() || version.size() > kVersionBytesMax || next.size() > kContinueBytesMax) {
    return Fail(Error{"the answer is not a list with a resourceVersion"}, Remedy::kRelist);
  }
  continue_ = next;
  if (continue_.empty()) OnListEnd(version);
  Begin();
}

void KubernetesWatch::OnListEnd(std::string_view resource_version) {
  resource_version_ = resource_version;
  refusals_ = 0;
  plain_list_ = false;
  listed_ = clock_.Now();
  ++status_.lists_total;
  status_.listed = true;
  status_.last_list_latency_ms = std::chrono::duration_cast<Millis>(listed_ - list_start_).count();
  sink_.OnListed();
  sink_.OnTurnEnd();
}

Result<void> KubernetesWatch::OnWatchEvent(std::string& text) {
  rapidjson::Document document;
  if (auto parsed = ParseJsonObject(text, document); !parsed) return parsed;
  const std::string_view type = JsonStringAt(document, "type");
  const JsonValue& object = JsonObjectAt(document, "object");
  if (type == "ERROR") {
    stop_ = ErrorEvent(object);
    return stop_->error;
  }
  if (type == "ADDED" || type == "MODIFIED") {
    sink_.OnObject(object);
  } else if (type == "DELETED") {
    sink_.OnDeleted(object);
  } else if (type == "BOOKMARK") {
    bookmarks_ = true;
  } else {
    return Error{"not a watch event"};
  }
  const std::string_view version =
      JsonStringAt(JsonObjectAt(object, "metadata"), "resourceVersion");
  if (phase_ == Phase::kStreaming) {
    // Those of the objects before are their own.
    if (type != "BOOKMARK" || !EndsList(object)) return {};
    if (version.empty() || version.size() > kVersionBytesMax) {
      return Error{"the list ends without a resourceVersion"};
    }
    OnListEnd(version);
    phase_ = Phase::kWatching;
    backoff_.Reset();
    Connected();
    return {};
  }
  if (!version.empty() && version.size() <= kVersionBytesMax && version != resource_version_) {
    resource_version_ = version;
    progressed_ = true;
    refusals_ = 0;
  }
  return {};
}

KubernetesWatch::Stop KubernetesWatch::ErrorEvent(const JsonValue& status_object) {
  const auto code = static_cast<int>(JsonUintAt(status_object, "code", 999));
  const std::string_view reason = JsonStringAt(status_object, "reason");
  const uint64_t seconds =
      JsonUintAt(JsonObjectAt(status_object, "details"), "retryAfterSeconds", 86'400);
  retry_after_ = std::min(options_.retry_after_max, Millis(seconds * 1000));
  Stop stop;
  stop.error = Error{"ERROR event " + std::to_string(code) + ": " +
                         ShortApiMessage(JsonStringAt(status_object, "message")),
                     code};
  stop.gone = code == 410 || reason == "Expired" || reason == "Gone";
  if (!stop.gone) stop.remedy = Refused(code);
  return stop;
}

Error KubernetesWatch::StatusError() { return ApiError(http_status_, error_body_); }

void KubernetesWatch::NoteOversized() {
  if (!splitter_ || splitter_->oversized_total() == 0) return;
  status_.failures_total += splitter_->oversized_total();
  LogWarn("Kubernetes objects passed over, too large", {{"api_server", status_.api_server},
                                                        {"role", status_.role},
                                                        {"namespace", status_.name_space},
                                                        {"objects", splitter_->oversized_total()},
                                                        {"bytes_max", options_.object_bytes_max}});
}

}  // namespace limpet
