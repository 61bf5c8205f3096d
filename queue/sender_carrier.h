// Carries one batch after another to a receiver, each until it is settled: delivered or given up.
//
// Who calls it: SenderLane, on the loop's thread. The callbacks come from the loop or from inside
// Send.
// Operation: one request at a time on one kept connection, when the receiver's gate lets it in.
// What follows each answer is in queue/retry_policy.h and queue/sender_protocol.h. A batch that was
// halved is settled when both halves are.
// Limits: 4 s to connect (every sixth time in an outage 12 s, for names that are slow to resolve);
// remote_timeout a request; halvings as in queue/sender_sift.h; 64 KiB of an answer are read.
#ifndef LIMPET_QUEUE_SENDER_CARRIER_H_
#define LIMPET_QUEUE_SENDER_CARRIER_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "queue/sender_link.h"
#include "queue/sender_sift.h"
#include "queue/wire_batch.h"

namespace limpet {

class BatchCarrier : private HttpResponseHandler, private GateUser {
 public:
  struct Callbacks {
    std::function<void()> settled;  // the batch is done with, the carrier is free
    std::function<void()> failing;  // the receiver does not take the batch for now
  };

  // The link must outlive it.
  BatchCarrier(SenderLink& link, Callbacks callbacks);
  ~BatchCarrier() override;
  BatchCarrier(const BatchCarrier&) = delete;
  BatchCarrier& operator=(const BatchCarrier&) = delete;

  // So that a CA file that cannot be read is shown before the first sample comes.
  void CheckSettings();
  // Only where it is not busy; the batch is not empty.
  void Send(Batch batch);
  bool busy() const { return !parts_.empty(); }

 private:
  struct Part {
    Batch batch;
    bool is_half = false;
    bool sent_before = false;
  };

  bool OnHead(const HttpResponseHead& head) override;
  bool OnBody(std::string_view bytes) override;
  void OnDone(const Result<void>& result) override;
  void OnGate() override { Attempt(); }

  void Attempt();
  bool Connect();
  void DropTooOld();
  // False where the present protocol's messages have nothing of what is in the front part.
  bool ToPresentProtocol();
  void CountAnswer();
  void ByStatus(const Result<void>& result);
  void OtherProtocol(const std::string& error);
  void Delivered(const WireCounts& taken, const std::string& rejection);
  // In halves; with `shrink`, the next batches are smaller too.
  void Split(bool shrink);
  // Looks for the samples that were refused. Exemplars go first: they are not worth a sample.
  void Sift(const std::string& error);
  bool LetExemplarsGo(Batch& batch);
  void Give(const std::string& reason, const std::string& error);
  void FinishPart();
  void Retry(const std::string& error);
  void Hold(const std::string& error);
  void Failing(const std::string& error);
  bool ReceiverIsSlow() const;
  bool IsAboutTls() const { return answer_status_ == 400 && answer_.IsAboutTls(); }
  std::string Explain(const Result<void>& result) const;

  SenderLink& link_;
  const Callbacks callbacks_;
  std::deque<Part> parts_;  // of the batch under way, the front one is being sent
  SenderSift sift_;
  bool changed_protocol_ = false;  // the front part's, since it was last delivered or held
  Millis connect_timeout_{0};      // of connection_

  // The request under way, or the last one.
  SteadyTime started_{};
  SteadyTime::duration took_{};
  int answer_status_ = 0;
  std::optional<Millis> retry_after_;
  WrittenCounts written_;
  AnswerStart answer_;

  std::unique_ptr<HttpConnection> connection_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_CARRIER_H_
