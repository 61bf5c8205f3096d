#include "queue/crc32c.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace limpet;

TEST_CASE("the known answer holds both ways") {
  CHECK(Crc32c("123456789") == 0xe3069283u);
  CHECK(ExtendCrc32cPortable(0, "123456789") == 0xe3069283u);
  // RFC 3720, B.4
  CHECK(Crc32c(std::string(32, '\0')) == 0x8a9136aau);
  CHECK(Crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
  CHECK(Crc32c("") == 0);
}

TEST_CASE("the processor's way and the table's agree at every length and cut") {
  std::mt19937 random(1);
  std::string bytes(300, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  const std::string_view all(bytes);
  for (size_t length = 0; length <= all.size(); ++length) {
    const uint32_t crc = Crc32c(all.substr(0, length));
    CHECK(crc == ExtendCrc32cPortable(0, all.substr(0, length)));
    const size_t cut = length / 3;
    CHECK(crc == ExtendCrc32c(Crc32c(all.substr(0, cut)), all.substr(cut, length - cut)));
  }
}

TEST_CASE("a masked checksum is another one and comes back") {
  const uint32_t crc = Crc32c("limpet");
  CHECK(MaskCrc(crc) != crc);
  CHECK(UnmaskCrc(MaskCrc(crc)) == crc);
  CHECK(UnmaskCrc(MaskCrc(0)) == 0);
}
