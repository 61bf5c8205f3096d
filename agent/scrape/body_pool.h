// Buffers for answers that are under way, with a bound on all of them together.
//
// Who calls it: targets, on the loop's thread. A target has a buffer only between the first byte of
// an answer and its end.
// Limits: 128 MiB under way in all unless set lower, a quarter of it for bodies of up to 1 MiB
// alone, so that a few targets with huge pages do not stop the scrapes of the others; at most 1 MiB
// is kept for reuse.
#ifndef LIMPET_AGENT_SCRAPE_BODY_POOL_H_
#define LIMPET_AGENT_SCRAPE_BODY_POOL_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limpet {

class BodyPool {
 public:
  static constexpr size_t kBytesMax = 128u << 20;
  static constexpr size_t kLargeBytesMax = kBytesMax / 4 * 3;

  // False where the bound is reached; the body is then as it was.
  bool Append(std::string& body, std::string_view bytes) {
    const bool large = body.size() + bytes.size() > kLargeBodyBytes;
    const size_t bound = large ? bytes_max_ / 4 * 3 : bytes_max_;
    if (in_use_ > bound || bytes.size() > bound - in_use_) return false;
    if (body.empty() && body.capacity() < kSmall && !free_.empty()) {
      kept_ -= free_.back().capacity();
      body = std::move(free_.back());
      free_.pop_back();
    }
    body.append(bytes);
    in_use_ += bytes.size();
    return true;
  }

  void Release(std::string&& body) {
    in_use_ -= body.size();
    const size_t capacity = body.capacity();
    if (capacity < kSmall || kept_ + capacity > kKeptBytesMax) {
      std::string().swap(body);
      return;
    }
    kept_ += capacity;
    free_.push_back(std::move(body));
    free_.back().clear();
    body = {};
  }

  // Nothing is kept for reuse.
  void ReleaseFree() {
    free_ = {};
    kept_ = 0;
  }

  size_t in_use() const { return in_use_; }
  size_t bytes_max() const { return bytes_max_; }
  void set_bytes_max(size_t bytes) { bytes_max_ = bytes; }

 private:
  static constexpr size_t kSmall = 64;  // a string without memory of its own
  static constexpr size_t kKeptBytesMax = 1u << 20;
  static constexpr size_t kLargeBodyBytes = 1u << 20;  // more is large
  size_t bytes_max_ = kBytesMax;
  std::vector<std::string> free_;
  size_t in_use_ = 0;
  size_t kept_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_BODY_POOL_H_
