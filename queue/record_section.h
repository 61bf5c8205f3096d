// A part of a record that is plain bytes, coded by what it has in common with earlier bytes.
//
// Who calls it: AttachmentEncoder and AttachmentDecoder; one thread at a time each.
// Operation: what a target says of a histogram or an exemplar differs in a few bytes from what it
// said a scrape ago. So a section is written as bytes of its own and copies, out of the bytes
// before it (those of the stream's previous record, which both sides have) and out of itself. One
// that has not changed costs about five bytes. The rules are in queue/FORMAT.md.
// Limits: a section has at most kSectionBytesMax bytes, and so has what comes of any input. Both
// sides take time in proportion to the bytes before it and those of the section.
#ifndef LIMPET_QUEUE_RECORD_SECTION_H_
#define LIMPET_QUEUE_RECORD_SECTION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "queue/record_bytes.h"

namespace limpet {

inline constexpr size_t kSectionBytesMax = 16u << 20;

class SectionWriter {
 public:
  void Put(std::string_view before, std::string_view section, std::string& out);

 private:
  struct Copy {
    size_t from = 0;
    size_t size = 0;
  };

  // The best copy for what stands at `at`; its size is 0 where none is worth it.
  Copy Find(size_t at, size_t expected) const;
  size_t Common(size_t from, size_t at) const;
  size_t SlotOf(size_t at) const;
  // From now on Find may come upon it.
  void Note(size_t at);

  std::string window_;           // the bytes before, then the section
  std::vector<uint32_t> slots_;  // by hash of four bytes: a place in the window, and 1
};

// False where the bytes are malformed; `section` is then of no use.
bool TakeSection(std::string_view before, std::string& section, ByteReader& in);

}  // namespace limpet

#endif  // LIMPET_QUEUE_RECORD_SECTION_H_
