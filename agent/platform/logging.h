// limpet's own log: one line an event, JSON or logfmt, on standard error.
//
// Who calls it: everyone, from any thread. Messages are constant text; what varies is a field.
// Secrets never go in. Repeated failures log when the state changes, not at every try.
// Limits: a value is cut after 2048 bytes; bytes that are not UTF-8 come out as U+FFFD. A line is
// written with one call, so lines of several threads do not mix. A log that cannot be written is
// lost.
//
//   LogWarn("scrape failed", {{"job", job}, {"error", error.message}});
#ifndef LIMPET_AGENT_PLATFORM_LOGGING_H_
#define LIMPET_AGENT_PLATFORM_LOGGING_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "agent/platform/result.h"

namespace limpet {

enum class LogFormat { kJson, kLogfmt };

// A field's key and its value as text.
struct LogField {
  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, const char* text) : key(name), value(text) {}
  LogField(std::string_view name, const std::string& text) : key(name), value(text) {}
  LogField(std::string_view name, bool truth)
      : key(name), value(truth ? "true" : "false"), bare(true) {}
  template <typename T>
  requires std::integral<T> || std::floating_point<T> LogField(std::string_view name, T number)
      : key(name), value(std::to_string(number)), bare(true) {}

  std::string_view key;
  std::string value;
  bool bare = false;  // a number or a truth value: without quotes in JSON
};
using LogFields = std::initializer_list<LogField>;

// Level is debug, info, warn or error. Called once, before threads start; until then it is info and
// JSON.
Result<void> SetUpLogging(std::string_view level, LogFormat format);
Result<LogFormat> ParseLogFormat(std::string_view text);

// The line as it is written, without its newline.
std::string FormatLogLine(LogFormat format, int64_t wall_ms, std::string_view level,
                          std::string_view message, LogFields fields);

void LogDebug(std::string_view message, LogFields fields = {});
void LogInfo(std::string_view message, LogFields fields = {});
void LogWarn(std::string_view message, LogFields fields = {});
void LogError(std::string_view message, LogFields fields = {});

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_LOGGING_H_
