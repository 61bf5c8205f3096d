#include "agent/scrape/text_hash.h"

#include <random>

namespace limpet {

TextHash::TextHash() {
  std::random_device random;
  seed_ = (uint64_t{random()} << 32) | random();
  XXH3_generateSecret(secret_, sizeof(secret_), &seed_, sizeof(seed_));
}

const TextHash& TextHash::Instance() {
  static const TextHash instance;
  return instance;
}

}  // namespace limpet
