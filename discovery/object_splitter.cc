#include "discovery/object_splitter.h"

namespace limpet {
namespace {

// A buffer that one large object has grown is given back.
constexpr size_t kObjectBytesKept = 64 * 1024;

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

ObjectSplitter::Place ObjectSplitter::place() const {
  if (object_depth_ != 0) return Place::kObject;
  if (in_items_) return Place::kItems;
  return depth_ == 0 ? Place::kBetween : Place::kEnvelope;
}

Result<void> ObjectSplitter::Feed(std::string_view bytes, const OnObject& on_object) {
  flushed_ = 0;
  size_t at = 0;
  while (at < bytes.size()) {
    if (in_string_) {
      at = SkipString(bytes, at);
      continue;
    }
    const char c = bytes[at];
    const Place here = place();
    if (c == '{' || c == '[') {
      if (auto opened = Open(c, bytes, at); !opened) return opened;
    } else if (here == Place::kBetween || (here == Place::kItems && c != ']' && c != '}')) {
      if (!IsSpace(c) && !(here == Place::kItems && c == ',')) {
        return Error{"not valid JSON: text between objects"};
      }
    } else if (c == '}' || c == ']') {
      if (auto closed = Close(bytes, at, on_object); !closed) return closed;
    } else if (c == '"') {
      in_string_ = true;
      if (depth_ == 1) key_.clear();
    }
    ++at;
  }
  return Flush(bytes, bytes.size());
}

Result<void> ObjectSplitter::Open(char c, std::string_view bytes, size_t at) {
  const Place here = place();
  const bool starts_object =
      shape_ == Shape::kStream ? here == Place::kBetween : here == Place::kItems;
  if ((starts_object || here == Place::kBetween) && (c != '{' || complete_)) {
    return Error{"not valid JSON: expected an object"};
  }
  if (starts_object || here == Place::kBetween) {
    if (auto flushed = Flush(bytes, at); !flushed) return flushed;
  }
  if (++depth_ > kDepthMax) return Error{"JSON nested deeper than " + std::to_string(kDepthMax)};
  if (starts_object) {
    object_depth_ = depth_;
    oversized_ = false;
  } else if (shape_ == Shape::kList && depth_ == 2 && c == '[' && key_ == "items") {
    if (auto flushed = Flush(bytes, at + 1); !flushed) return flushed;
    in_items_ = true;
  }
  return {};
}

Result<void> ObjectSplitter::Close(std::string_view bytes, size_t at, const OnObject& on_object) {
  --depth_;
  if (object_depth_ != 0 && depth_ < object_depth_) {
    if (auto flushed = Flush(bytes, at + 1); !flushed) return flushed;
    object_depth_ = 0;
    if (oversized_) {
      ++oversized_total_;
    } else if (auto taken = on_object(object_); !taken) {
      return taken;
    }
    if (object_.capacity() > kObjectBytesKept) object_ = std::string();
    object_.clear();
  } else if (in_items_ && object_depth_ == 0) {
    if (auto flushed = Flush(bytes, at); !flushed) return flushed;
    in_items_ = false;
  } else if (depth_ == 0) {
    // Only a list has anything here but objects; its last brace is part of the envelope.
    ++depth_;
    if (auto flushed = Flush(bytes, at + 1); !flushed) return flushed;
    --depth_;
    complete_ = true;
  }
  return {};
}

size_t ObjectSplitter::SkipString(std::string_view bytes, size_t at) {
  const bool is_key = depth_ == 1 && object_depth_ == 0;
  for (; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
      return at + 1;
    }
    if (is_key && key_.size() < kKeyBytesMax) key_.push_back(c);
  }
  return at;
}

Result<void> ObjectSplitter::Flush(std::string_view bytes, size_t end) {
  const std::string_view piece = bytes.substr(flushed_, end - flushed_);
  flushed_ = end;
  switch (place()) {
    case Place::kBetween:
    case Place::kItems:
      break;
    case Place::kEnvelope:
      if (envelope_.size() + piece.size() > kEnvelopeBytesMax) {
        return Error{"more than " + std::to_string(kEnvelopeBytesMax) + " bytes around the items"};
      }
      envelope_.append(piece);
      break;
    case Place::kObject:
      if (oversized_) break;
      if (object_.size() + piece.size() > object_bytes_max_) {
        oversized_ = true;
        object_ = std::string();  // gives the memory back
        break;
      }
      object_.append(piece);
      break;
  }
  return {};
}

}  // namespace limpet
