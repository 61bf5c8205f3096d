// Packed records: what is kept of a Kubernetes object, in one string.
//
// Who calls it: the readers of kinds in discovery/, on the loop's thread.
// Format: numbers as LEB128, texts with their length before them, lists with their count. Every
// record begins with the object's namespace and name, so that it is its own key: RecordKey makes
// the beginning that the record of that object has. A reader trusts its record, which a writer in
// this process has made; views are into the record.
//
//   RecordWriter out;  out.Text("shop");  out.Text("api");  out.Number(80);
//   std::string record = out.Take();   record.starts_with(RecordKey("shop", "api"))
#ifndef LIMPET_DISCOVERY_RECORD_H_
#define LIMPET_DISCOVERY_RECORD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limpet {

using TextPairs = std::vector<std::pair<std::string_view, std::string_view>>;

class RecordWriter {
 public:
  void Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }
  void Text(std::string_view text) {
    Number(text.size());
    out_.append(text);
  }
  void Map(const TextPairs& pairs) {
    Number(pairs.size());
    for (const auto& [key, value] : pairs) {
      Text(key);
      Text(value);
    }
  }
  std::string Take() {
    out_.shrink_to_fit();
    return std::move(out_);
  }

 private:
  std::string out_;
};

class RecordReader {
 public:
  explicit RecordReader(std::string_view record) : rest_(record) {}
  uint64_t Number();
  std::string_view Text();
  TextPairs Map();
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::string RecordKey(std::string_view name_space, std::string_view name);
// The same, of a record.
std::string_view KeyOfRecord(std::string_view record);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_RECORD_H_
