// Cuts the API server's answers into single objects while they arrive, so that neither a LIST of
// thousands of pods nor a watch is ever in memory as a whole.
//
// Who calls it: KubernetesWatch, on the loop's thread.
// Operation: kStream takes one JSON object after the other (the events of a watch); kList takes one
// object and cuts out the elements of its member `items`; what is around them is the envelope. It
// follows strings and nesting only; whether the text is valid JSON is for the parser of each piece.
// Limits: an object longer than `object_bytes_max` is passed over and counted; an envelope of more
// than 64 KiB, nesting deeper than 128 and text between objects are errors, and the splitter is
// then of no more use.
//
//   ObjectSplitter splitter(ObjectSplitter::Shape::kList, 2 << 20);
//   splitter.Feed(bytes, [](std::string& object) -> Result<void> { ... });
//   splitter.complete();  splitter.envelope() == R"({"metadata":{...},"items":[]})"
#ifndef LIMPET_DISCOVERY_OBJECT_SPLITTER_H_
#define LIMPET_DISCOVERY_OBJECT_SPLITTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "agent/platform/result.h"

namespace limpet {

class ObjectSplitter {
 public:
  enum class Shape { kStream, kList };
  // May change the text. An error ends Feed, which returns it.
  using OnObject = std::function<Result<void>(std::string& object)>;

  ObjectSplitter(Shape shape, size_t object_bytes_max)
      : shape_(shape), object_bytes_max_(object_bytes_max) {}

  Result<void> Feed(std::string_view bytes, const OnObject& on_object);
  // kList: the outer object has ended.
  bool complete() const { return complete_; }
  std::string& envelope() { return envelope_; }
  uint64_t oversized_total() const { return oversized_total_; }

 private:
  static constexpr int kDepthMax = 128;
  static constexpr size_t kEnvelopeBytesMax = 64 * 1024;
  static constexpr size_t kKeyBytesMax = 16;

  enum class Place { kBetween, kEnvelope, kItems, kObject };
  Place place() const;
  Result<void> Open(char c, std::string_view bytes, size_t at);
  Result<void> Close(std::string_view bytes, size_t at, const OnObject& on_object);
  size_t SkipString(std::string_view bytes, size_t at);
  // Takes the bytes seen since the last call to where they belong.
  Result<void> Flush(std::string_view bytes, size_t end);

  const Shape shape_;
  const size_t object_bytes_max_;
  int depth_ = 0;
  int object_depth_ = 0;  // depth around the object under way, plus one; 0: none
  bool in_string_ = false;
  bool escaped_ = false;
  bool in_items_ = false;
  bool oversized_ = false;
  bool complete_ = false;
  size_t flushed_ = 0;  // in the bytes of this Feed
  std::string key_;     // the last string directly in the outer object, cut to kKeyBytesMax
  std::string object_;
  std::string envelope_;
  uint64_t oversized_total_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_OBJECT_SPLITTER_H_
