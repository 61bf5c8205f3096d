// Inflates a remote-write body: snappy, or zstd as newer vmagents prefer it.
//
// Who calls it: the sink; any thread. libzstd is looked for when first needed: the product has no
// use for it, and vmagent's own package brings it along.
#ifndef LIMPET_TESTS_BENCH_SINK_BODY_H_
#define LIMPET_TESTS_BENCH_SINK_BODY_H_

#include <cstddef>
#include <string>

namespace limpet {

bool CanInflateZstd();
// False where the body is damaged, of another encoding, or inflates to more than bytes_max.
bool InflateBody(const std::string& encoding, const std::string& body, size_t bytes_max,
                 std::string& inflated);

}  // namespace limpet

#endif  // LIMPET_TESTS_BENCH_SINK_BODY_H_
