// A Lease as any API server might send it: read, written back, and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "discovery/json_object.h"
#include "discovery/lease.h"

namespace limpet {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void Check(std::string text) {
  auto lease = ReadLease(text);
  if (!lease) return Require(!lease.error().message.empty());
  Require(!lease->metadata.empty() && lease->duration >= Millis(0));
  std::string written = LeaseText(*lease, "n", "limpet");
  const auto again = ReadLease(written);
  // Numbers of a hundred digits need not come back as they were: metadata has none.
  Require(again && again->SameRecord(*lease) && !again->metadata.empty());
}

}  // namespace
}  // namespace limpet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  limpet::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
