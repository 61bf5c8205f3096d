// What a receiver must get for a scrape, said the obvious way with generated messages: the model
// that the wire tests hold the fast encoder against.
#ifndef LIMPET_TESTS_QUEUE_SLOW_ENCODER_H_
#define LIMPET_TESTS_QUEUE_SLOW_ENCODER_H_

#include <string>
#include <vector>

#include "agent/relabel/relabel.h"
#include "queue/remote_write.pb.h"
#include "queue/scrape_view.h"

namespace limpet {

// The delivered labels of one series; empty where the rules drop it.
Labels SlowLabels(const ScrapeView& scrape, size_t series, const Labels& external,
                  const std::vector<RelabelRule>& rules);

void SlowEncode(const ScrapeView& scrape, const Labels& external,
                const std::vector<RelabelRule>& rules, remote_write_v1::WriteRequest& request);

// A request body as a receiver reads it.
remote_write_v1::WriteRequest DecodeBody(const std::string& body);

// {a="b"} value @timestamp, one a line.
std::string ToText(const remote_write_v1::WriteRequest& request);

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_SLOW_ENCODER_H_
