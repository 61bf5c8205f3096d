#include "agent/platform/gzip.h"

#include <libdeflate.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>

namespace limpet {
namespace {

// The smallest gzip member: 10 bytes of head, 2 of data, 8 of tail.
constexpr size_t kMemberBytesMin = 20;
// Deflate cannot do better than this, so a larger claim is a lie.
constexpr size_t kExpansionMax = 1032;
constexpr size_t kGrowthBytesMin = 16'384;

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};

// Its tables are kept because every scrape needs them.
libdeflate_decompressor* Decompressor() {
  static thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  return decompressor.get();
}

// What the last member says its size is, modulo 2^32.
size_t ClaimedSize(std::string_view body) {
  const auto* tail = reinterpret_cast<const unsigned char*>(body.data() + body.size() - 4);
  return tail[0] | tail[1] << 8 | tail[2] << 16 | static_cast<size_t>(tail[3]) << 24;
}

// Never smaller: resize fills with zeros, and the last body was about as large as this one.
void Grow(std::string& out, size_t size) {
  if (size > out.size()) out.resize(size);
}

Error TooLarge(size_t size_max) {
  return Error{"gzip body inflates to more than " + std::to_string(size_max) + " bytes", EMSGSIZE};
}

}  // namespace

Result<void> InflateGzip(std::string_view body, size_t size_max, std::string& out) {
  libdeflate_decompressor* decompressor = Decompressor();
  if (decompressor == nullptr) return Error{"gzip: out of memory"};
  if (body.size() < kMemberBytesMin) return Error{"gzip body is cut off"};
  // Only where to begin: the claim may be a lie, or that of the last of several members.
  const size_t plausible = std::min(ClaimedSize(body), body.size() * kExpansionMax);
  Grow(out, std::min(plausible, size_max));
  size_t done = 0;
  while (!body.empty()) {
    size_t taken = 0;
    size_t made = 0;
    const libdeflate_result result =
        libdeflate_gzip_decompress_ex(decompressor, body.data(), body.size(), out.data() + done,
                                      std::min(out.size(), size_max) - done, &taken, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (out.size() >= size_max) return TooLarge(size_max);
      const size_t wanted = std::max(out.size() * 2, kGrowthBytesMin);
      Grow(out, std::min(wanted, size_max));
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) return Error{"gzip body is damaged or cut off"};
    done += made;
    body.remove_prefix(taken);
  }
  out.resize(done);
  return {};
}

}  // namespace limpet
