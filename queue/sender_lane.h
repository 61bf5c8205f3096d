// Carries one batch after another to a receiver, each until it is settled: delivered or given up.
//
// Who calls it: Sender, on the loop's thread. The callbacks come from the loop or from inside Send.
// Operation: one request at a time on one kept connection. What follows each answer is in
// queue/retry_policy.h. A batch that was halved is settled when both halves are.
// Limits: remote_timeout a request; 64 halvings of a batch for refused samples; 64 KiB of an answer
// are read.
#ifndef LIMPET_QUEUE_SENDER_LANE_H_
#define LIMPET_QUEUE_SENDER_LANE_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/http_client.h"
#include "agent/platform/http_credentials.h"
#include "queue/sender_answer.h"
#include "queue/sender_health.h"
#include "queue/wire_batch.h"

namespace limpet {

class SenderLane : private HttpResponseHandler {
 public:
  struct Callbacks {
    std::function<void()> settled;  // the batch is done with, the lane is free
    std::function<void()> failing;  // the receiver does not take the batch for now
  };

  // What it is given references to must outlive it.
  SenderLane(EventLoop& loop, const Clock& clock, const RemoteWriteConfig& config,
             ReceiverStatus& status, SenderHealth& health, Callbacks callbacks);
  ~SenderLane() override;
  SenderLane(const SenderLane&) = delete;
  SenderLane& operator=(const SenderLane&) = delete;

  // Only where it is not busy; the batch is not empty.
  void Send(Batch batch);
  bool busy() const { return !parts_.empty(); }
  bool failing() const { return failures_ > 0; }
  // How many samples the next batch should have at most: fewer after a 413, growing back.
  uint64_t samples_max() const { return samples_max_; }

 private:
  struct Part {
    Batch batch;
    bool is_half = false;
    bool sent_before = false;
  };

  bool OnHead(const HttpResponseHead& head) override;
  bool OnBody(std::string_view bytes) override;
  void OnDone(const Result<void>& result) override;

  void Attempt();
  bool Connect();
  void ForgetConnection();
  HttpRequest MakeRequest(const std::string& body);
  void DropTooOld();
  void Delivered();
  // In halves; with `shrink`, the next batches are smaller too.
  void Split(bool shrink);
  // Looks for the samples that were refused.
  void Sift(const std::string& error);
  void Give(const std::string& reason, const std::string& error);
  void FinishPart();
  void Retry(const std::string& error, std::optional<Millis> wait);
  void Hold(const std::string& error);
  void HoldOn();
  void Failing(const std::string& error);
  std::string Explain(const Result<void>& result);

  EventLoop& loop_;
  const Clock& clock_;
  const RemoteWriteConfig& config_;
  ReceiverStatus& status_;
  SenderHealth& health_;
  Callbacks callbacks_;
  HttpCredentials credentials_;
  std::vector<HttpHeader> headers_;
  std::optional<std::string> authorization_;  // as sent last
  std::minstd_rand random_;
  Timer timer_;
  std::deque<Part> parts_;  // of the batch under way, the front one is being sent
  uint64_t batch_samples_ = 0;
  int splits_ = 0;                 // of the batch, for refused samples
  uint64_t refused_in_a_row_ = 0;  // samples of the batch, up to the front part
  int failures_ = 0;               // in a row
  bool waiting_ = false;           // for the timer, which then tries again
  uint64_t samples_max_;
  int requests_at_max_ = 0;
  SteadyTime hold_until_{};

  // The request under way.
  SteadyTime started_{};
  int answer_status_ = 0;
  std::optional<Millis> retry_after_;
  AnswerStart answer_;

  std::unique_ptr<HttpConnection> connection_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_LANE_H_
