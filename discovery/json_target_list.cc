#include "discovery/json_target_list.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace limpet {
namespace {

// Where in the document the reader is, and so what may come next.
enum class Place {
  kDocument,  // a list of groups
  kGroups,    // a group
  kGroup,     // a member's name
  kTargets,   // the value of "targets"
  kTarget,    // a target
  kLabels,    // the value of "labels"
  kLabel,     // a label's name
  kLabelText,
  kEnd,
};

bool IsName(std::string_view text, std::string_view name) {
  return text.size() == name.size() &&
         std::equal(text.begin(), text.end(), name.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
         });
}

std::string ShownName(std::string_view name) {
  constexpr size_t kBytesMax = 60;
  return '"' + std::string(name.substr(0, kBytesMax)) + (name.size() > kBytesMax ? "...\"" : "\"");
}

// RapidJSON's handler: false ends the reading, error() then says why.
class GroupReader {
 public:
  GroupReader(const rapidjson::MemoryStream& stream, TargetList& list)
      : stream_(stream), list_(list) {}

  const std::string& error() const { return error_; }
  // The end of the last token that was taken: what is wrong begins behind it.
  size_t taken() const { return taken_; }

  bool Null() {
    switch (place_) {
      case Place::kDocument:
        return Go(Place::kEnd);
      case Place::kTargets:
      case Place::kLabels:
        return Go(Place::kGroup);
      case Place::kTarget:
      case Place::kLabelText:
        return Text("");
      default:
        return Wrong("null");
    }
  }
  bool Bool(bool value) { return Wrong(value ? "true" : "false"); }
  bool Int(int) { return Wrong("a number"); }
  bool Uint(unsigned) { return Wrong("a number"); }
  bool Int64(int64_t) { return Wrong("a number"); }
  bool Uint64(uint64_t) { return Wrong("a number"); }
  bool Double(double) { return Wrong("a number"); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return Wrong("a number"); }

  bool String(const char* text, rapidjson::SizeType size, bool) {
    return place_ == Place::kTarget || place_ == Place::kLabelText ? Text({text, size})
                                                                   : Wrong("text");
  }

  bool Key(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view name(text, size);
    if (place_ == Place::kLabel) {
      if (name.empty()) return Fail("a label's name must not be empty");
      labels_.push_back({std::string(name), ""});
      return Go(Place::kLabelText);
    }
    if (IsName(name, "targets")) return Go(Place::kTargets);
    if (IsName(name, "labels")) return Go(Place::kLabels);
    return Fail("unknown member " + ShownName(name) + "; expected targets or labels");
  }

  bool StartArray() {
    if (place_ == Place::kDocument) return Pass(Place::kGroups);
    if (place_ != Place::kTargets) return Wrong("a list");
    list_.groups.back().targets.clear();
    return Pass(Place::kTarget);
  }
  bool EndArray(rapidjson::SizeType) {
    return Pass(place_ == Place::kTarget ? Place::kGroup : Place::kEnd);
  }

  bool StartObject() {
    if (place_ == Place::kGroups) {
      list_.groups.emplace_back();
      return Pass(Place::kGroup);
    }
    if (place_ != Place::kLabels) return Wrong("an object");
    labels_.clear();
    return Pass(Place::kLabel);
  }
  bool EndObject(rapidjson::SizeType) {
    if (place_ == Place::kGroup) return Pass(Place::kGroups);
    list_.groups.back().labels = Labels(std::exchange(labels_, {}));
    return Pass(Place::kGroup);
  }

 private:
  bool Go(Place place) {
    place_ = place;
    taken_ = stream_.Tell();
    return true;
  }

  // Past a bracket, which RapidJSON tells of before it takes it.
  bool Pass(Place place) {
    Go(place);
    ++taken_;
    return true;
  }

  bool Text(std::string_view text) {
    if (place_ == Place::kTarget) {
      list_.groups.back().targets.emplace_back(text);
      return Go(Place::kTarget);
    }
    labels_.back().value = text;
    return Go(Place::kLabel);
  }

  bool Fail(const std::string& what) {
    error_ = Path() + what;
    return false;
  }

  bool Wrong(const char* found) { return Fail(Expected() + ", found " + found); }

  std::string Expected() const {
    switch (place_) {
      case Place::kDocument:
        return "expected a list of groups";
      case Place::kGroups:
        return "expected an object with targets and labels";
      case Place::kTargets:
        return "expected a list of targets";
      case Place::kLabels:
        return "expected an object of labels";
      default:
        return "expected text";
    }
  }

  std::string Path() const {
    if (place_ == Place::kDocument || place_ == Place::kEnd) return "";
    const auto index = [](size_t i) { return '[' + std::to_string(i) + ']'; };
    if (place_ == Place::kGroups) return index(list_.groups.size()) + ": ";
    std::string path = index(list_.groups.size() - 1);
    if (place_ == Place::kTargets || place_ == Place::kTarget) path += ".targets";
    if (place_ == Place::kTarget) path += index(list_.groups.back().targets.size());
    if (place_ == Place::kLabels || place_ == Place::kLabel) path += ".labels";
    if (place_ == Place::kLabelText) path += ".labels." + ShownName(labels_.back().name);
    return path + ": ";
  }

  const rapidjson::MemoryStream& stream_;
  TargetList& list_;
  Place place_ = Place::kDocument;
  std::vector<Label> labels_;  // of the group being read
  std::string error_;
  size_t taken_ = 0;
};

ConfigError ErrorAt(std::string_view text, size_t offset, const std::string& file,
                    std::string message) {
  const std::string_view before = text.substr(0, offset);
  const size_t line_break = before.rfind('\n');
  const size_t line_start = line_break == before.npos ? 0 : line_break + 1;
  ConfigError error;
  error.file = file;
  error.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  error.column = 1 + static_cast<int>(before.size() - line_start);
  error.message = std::move(message);
  return error;
}

TargetList Read(std::string_view text, const std::string& file) {
  TargetList list;
  rapidjson::MemoryStream stream(text.data(), text.size());
  GroupReader groups(stream, list);
  rapidjson::Reader reader;
  reader.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(stream,
                                                                                       groups);
  if (!groups.error().empty()) {
    // Between two tokens there is nothing else.
    const size_t next = text.find_first_not_of(" \t\r\n,:", groups.taken());
    list.errors.push_back(ErrorAt(text, std::min(next, text.size()), file, groups.error()));
  } else if (reader.HasParseError()) {
    const size_t offset = std::min(reader.GetErrorOffset(), text.size());
    list.errors.push_back(ErrorAt(
        text, offset, file,
        "not valid JSON: " + std::string(rapidjson::GetParseError_En(reader.GetParseErrorCode()))));
  } else if (stream.Tell() < text.size()) {
    list.errors.push_back(
        ErrorAt(text, stream.Tell(), file, "not valid JSON: a zero byte behind the list"));
  }
  return list;
}

}  // namespace

TargetList ReadJsonTargetList(std::string_view text, const std::string& file) {
  try {
    return Read(text, file);
  } catch (const std::exception& error) {
    return {{}, {{file, 1, 1, std::string("cannot be read: ") + error.what()}}};
  }
}

}  // namespace limpet
