// The hash that stands for a stretch of a page's text in a layout.
//
// Who calls it: layouts, the loop's thread. Seeded anew in each process, so that a page cannot be
// made to collide on purpose; never written anywhere.
#ifndef LIMPET_AGENT_SCRAPE_TEXT_HASH_H_
#define LIMPET_AGENT_SCRAPE_TEXT_HASH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace limpet {

class TextHash {
 public:
  // The process' own.
  static const TextHash& Instance();

  uint64_t operator()(const void* bytes, size_t size) const {
    return XXH3_64bits_withSecretandSeed(bytes, size, secret_, sizeof(secret_), seed_);
  }
  uint64_t operator()(std::string_view text) const { return (*this)(text.data(), text.size()); }

 private:
  TextHash();
  uint64_t seed_;
  unsigned char secret_[XXH3_SECRET_SIZE_MIN + 56];
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_TEXT_HASH_H_
