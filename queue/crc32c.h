// CRC-32C (Castagnoli), the checksum of everything that the log writes.
//
// Who calls it: the log's record, segment and cursor code; any thread.
// Operation: SSE4.2's instruction where the processor has it, found out at run time; a table else.
// Known answer: "123456789" gives e3069283 (RFC 3720, B.4).
// A checksum that is stored is masked: a CRC over bytes that contain their own CRC is a poor one.
#ifndef LIMPET_QUEUE_CRC32C_H_
#define LIMPET_QUEUE_CRC32C_H_

#include <cstdint>
#include <string_view>

namespace limpet {

// Goes on from the CRC of what came before (0 for nothing).
uint32_t ExtendCrc32c(uint32_t crc, std::string_view bytes);
inline uint32_t Crc32c(std::string_view bytes) { return ExtendCrc32c(0, bytes); }

// The table's way, which tests hold against the processor's.
uint32_t ExtendCrc32cPortable(uint32_t crc, std::string_view bytes);

inline uint32_t MaskCrc(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }
inline uint32_t UnmaskCrc(uint32_t masked) {
  const uint32_t rotated = masked - 0xa282ead8u;
  return (rotated >> 17) | (rotated << 15);
}

}  // namespace limpet

#endif  // LIMPET_QUEUE_CRC32C_H_
