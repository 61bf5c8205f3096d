// The values of a scrape, coded against the values that the same series had before.
//
// Who calls it: SegmentEncoder and SegmentDecoder, each with the previous values of a stream; any
// thread. Both keep one double a series; that is all the memory the coding needs.
// Operation: a bit a value says whether it changed. A changed one is the difference of two
// integers, value x scale and previous x scale, as a varint: counters and decimals cost a byte or
// three. A value that no scale gives back bit by bit is coded by the bits in which it differs.
// Every bit pattern comes back as it was, NaNs included. The rules are in queue/FORMAT.md. Limits:
// worst case 9 bytes and a bit a value.
#ifndef LIMPET_QUEUE_RECORD_VALUES_H_
#define LIMPET_QUEUE_RECORD_VALUES_H_

#include <cstdint>
#include <span>
#include <string>

#include "queue/record_bytes.h"

namespace limpet {

// `series` names the elements of `previous` that have a value, ascending; empty: all of them.
// `previous` takes the new values over.
void EncodeValues(std::span<const double> values, std::span<const uint32_t> series,
                  std::span<double> previous, std::string& out);

// `count` values; every index in `series` is within `previous`. False where the bytes are
// malformed; `previous` is then of no further use.
bool DecodeValues(size_t count, std::span<const uint32_t> series, std::span<double> previous,
                  ByteReader& in);

}  // namespace limpet

#endif  // LIMPET_QUEUE_RECORD_VALUES_H_
