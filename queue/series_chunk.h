// A few hundred consecutive series of a layout: their labels, stored once and shared by all layouts
// that have them.
//
// Who calls it: scrape/ builds them, SeriesBlock puts them together, the log writes them into a
// segment's dictionary; any thread (immutable after Build). Encoding: a series is its labels in
// order of name, each as the `labels` field of a Remote-Write 1.0 TimeSeries (0x0A len {0x0A len
// name 0x12 len value}), so that a sender copies bytes. A label with an empty value may be in it:
// it is never delivered, but it keeps an outer label of that name (see ScrapeView) from being
// added, as honor_labels wants it. Limits: 4 GiB of labels.
#ifndef LIMPET_QUEUE_SERIES_CHUNK_H_
#define LIMPET_QUEUE_SERIES_CHUNK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"

namespace limpet {

class SeriesChunk {
 public:
  class Builder {
   public:
    void BeginSeries();
    // In strictly ascending order of name within a series.
    void AddLabel(std::string_view name, std::string_view value);
    // All labels of one, encoded as in a chunk and well formed.
    void AddSeries(std::string_view encoded) {
      BeginSeries();
      bytes_ += encoded;
    }
    size_t size() const { return starts_.size(); }
    size_t bytes() const { return bytes_.size(); }
    // The builder is then empty.
    std::shared_ptr<const SeriesChunk> Build();

   private:
    std::string bytes_;
    std::vector<uint32_t> starts_;
  };

  // From the encoded bytes of all series and each one's start, as a segment keeps them; an error
  // where they are not well formed.
  static Result<std::shared_ptr<const SeriesChunk>> FromEncoded(std::string bytes,
                                                                std::vector<uint32_t> starts);

  uint64_t id() const { return id_; }  // unique in this process
  uint64_t content_hash() const { return content_hash_; }
  size_t size() const { return starts_.size(); }
  // All labels of one series, encoded as above.
  std::string_view Encoded(size_t series) const {
    const size_t end = series + 1 < starts_.size() ? starts_[series + 1] : bytes_.size();
    return std::string_view(bytes_).substr(starts_[series], end - starts_[series]);
  }
  std::string_view encoded() const { return bytes_; }
  const std::vector<uint32_t>& starts() const { return starts_; }
  bool SameSeries(const SeriesChunk& other) const {
    return this == &other || (bytes_ == other.bytes_ && starts_ == other.starts_);
  }
  size_t memory_bytes() const {
    return sizeof(*this) + bytes_.capacity() + starts_.capacity() * sizeof(uint32_t);
  }

 private:
  SeriesChunk(std::string bytes, std::vector<uint32_t> starts);
  uint64_t id_;
  uint64_t content_hash_;
  std::string bytes_;
  std::vector<uint32_t> starts_;
};

// One label off the front of `encoded`; false at the end. Input is known to be well formed.
inline bool NextEncodedLabel(std::string_view& encoded, std::string_view& name,
                             std::string_view& value);

// Whether it is labels encoded as above: whole ones, their names not empty and strictly ascending.
bool IsEncodedLabels(std::string_view encoded);

// The same for a label of any size.
bool NextLargeLabel(std::string_view& encoded, std::string_view& name, std::string_view& value);

inline bool NextEncodedLabel(std::string_view& encoded, std::string_view& name,
                             std::string_view& value) {
  if (encoded.empty()) return false;
  const auto size = static_cast<unsigned char>(encoded[1]);
  if (size >= 0x80) return NextLargeLabel(encoded, name, value);
  // Nearly all are so small that all sizes in them take one byte.
  const auto name_size = static_cast<unsigned char>(encoded[3]);
  name = std::string_view(encoded.data() + 4, name_size);
  value = std::string_view(encoded.data() + 6 + name_size, size - size_t{4} - name_size);
  encoded.remove_prefix(2 + size_t{size});
  return true;
}

}  // namespace limpet

#endif  // LIMPET_QUEUE_SERIES_CHUNK_H_
