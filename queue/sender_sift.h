// Which samples of a batch that was refused as a whole are given up, and which are looked for.
//
// Who calls it: the carrier, one a batch; the loop's thread.
// A part that is refused is halved, until it may be given up. Usually that is when it is a single
// sample; behind a long run of refused ones in steps of up to 1/32 of the batch; and when the batch
// has been halved 64 times. So there, and where more than a few lie apart, good ones next to them
// go too.
// A batch that may have been sent before a kill is another matter: whole scrapes of it were taken
// then and are refused now, in between others that are new. Those are told apart exactly: it is
// halved where scrapes end, up to 1024 times, and once a scrape is known to be refused as a whole
// the next one that is refused is not looked into any more.
#ifndef LIMPET_QUEUE_SENDER_SIFT_H_
#define LIMPET_QUEUE_SENDER_SIFT_H_

#include <cstdint>

#include "queue/wire_batch.h"

namespace limpet {

class SenderSift {
 public:
  SenderSift() = default;
  explicit SenderSift(const Batch& batch)
      : at_scrapes_(batch.may_be_resent), samples_(batch.samples) {}

  // Parts come in the batch's order. One that was refused: false where it is to be halved.
  bool MayGiveUp(const Batch& part);
  void OnTaken(const Batch& part);
  bool at_scrapes() const { return at_scrapes_; }

 private:
  // Of the samples that are looked at one by one: a batch's or a scrape's.
  struct Search {
    int halvings = 0;
    uint64_t refused_in_a_row = 0;
    bool MayGiveUp(const Batch& part, uint64_t samples_of_all);
  };

  void EnterScrape(const Batch& part);

  bool at_scrapes_ = false;
  uint64_t samples_ = 0;
  Search search_;
  int halvings_ = 0;  // between scrapes

  // The scrape that parts are of now, by its time.
  int64_t scrape_ms_ = INT64_MIN;
  uint64_t scrape_samples_ = 0;
  bool scrape_refused_ = false;  // all of it so far
  bool refused_before_ = false;  // the scrape before it, all of it
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_SIFT_H_
