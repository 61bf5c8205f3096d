// A receiver of Remote-Write 2.0 that takes nothing that the specification does not allow
// (https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/): what its MUSTs ask of a message.
#ifndef LIMPET_TESTS_QUEUE_STRICT_V2_H_
#define LIMPET_TESTS_QUEUE_STRICT_V2_H_

#include <string>

#include "queue/remote_write_v2.pb.h"

namespace limpet {

// What is wrong with the message, the first thing found; empty: nothing.
std::string WhyNotV2(const remote_write_v2::Request& request);

// A snappy block with a message in it; `request` is filled in where it can be read.
std::string WhyNotV2Body(const std::string& body, remote_write_v2::Request& request);

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_STRICT_V2_H_
