// JSON to a string, from text that may hold anything.
//
// Who calls it: web/; any thread.
// What is not UTF-8 comes out as U+FFFD, a number that is none (NaN, infinities) as null.
//
//   std::string out;
//   JsonWriter json(out);
//   json.StartObject();
//   json.Field("job", job);           // {"job":"api"
//   json.EndObject();
#ifndef LIMPET_AGENT_WEB_JSON_WRITER_H_
#define LIMPET_AGENT_WEB_JSON_WRITER_H_

#include <rapidjson/writer.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/relabel/labels.h"

namespace limpet {

// RapidJSON's output stream over a string, so that a large answer is not copied from a buffer.
struct JsonStringStream {
  using Ch = char;
  void Put(char c) { out.push_back(c); }
  void Flush() {}
  std::string& out;
};

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : stream_{out}, writer_(stream_) {}

  void StartObject() { writer_.StartObject(); }
  void EndObject() { writer_.EndObject(); }
  void StartArray() { writer_.StartArray(); }
  void EndArray() { writer_.EndArray(); }
  void Key(std::string_view key) { Text(key); }
  void Null() { writer_.Null(); }
  void Text(std::string_view text);
  void Number(double value);
  void Number(uint64_t value) { writer_.Uint64(value); }
  void Number(int64_t value) { writer_.Int64(value); }
  void Flag(bool value) { writer_.Bool(value); }
  void Object(const Labels& labels);

  void Field(std::string_view key, std::string_view text) {
    Key(key);
    Text(text);
  }
  template <typename T>
  requires(std::floating_point<T> || std::same_as<T, uint64_t> ||
           std::same_as<T, int64_t>) void Field(std::string_view key, T value) {
    Key(key);
    Number(value);
  }

 private:
  JsonStringStream stream_;
  rapidjson::Writer<JsonStringStream> writer_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_JSON_WRITER_H_
