#include "agent/platform/logging.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <cstdio>
#include <memory>

#include "agent/platform/clock.h"
#include "agent/platform/timestamp.h"
#include "agent/platform/utf8.h"

namespace limpet {
namespace {

constexpr size_t kValueBytesMax = 2048;

std::atomic<LogFormat> log_format{LogFormat::kJson};

// Only the logger that SetUpLogging configures; no global registry, and never destroyed, so that
// the destructors of other statics may still log.
spdlog::logger& Logger() {
  static spdlog::logger* logger = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto* made = new spdlog::logger("limpet", std::move(sink));
    made->set_pattern("%v");
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *logger;
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : ToValidUtf8(text, kValueBytesMax)) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
          out += escape;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

bool LogfmtNeedsQuotes(std::string_view text) {
  if (text.empty() || text.size() > kValueBytesMax) return true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f || c == '"' ||
        c == '=' || c == '\\') {
      return true;
    }
  }
  return false;
}

// "nan" and "inf" are no JSON numbers.
bool IsJsonLiteral(const LogField& field) {
  if (!field.bare) return false;
  if (field.value == "true" || field.value == "false") return true;
  const size_t first = field.value.starts_with('-') ? 1 : 0;
  return first < field.value.size() && field.value[first] >= '0' && field.value[first] <= '9';
}

void AppendField(LogFormat format, const LogField& field, std::string& out) {
  if (format == LogFormat::kJson) {
    out += out.empty() ? '{' : ',';
    AppendQuoted(field.key, out);
    out += ':';
    if (IsJsonLiteral(field)) {
      out += field.value;
    } else {
      AppendQuoted(field.value, out);
    }
    return;
  }
  if (!out.empty()) out += ' ';
  out += field.key;
  out += '=';
  if (LogfmtNeedsQuotes(field.value)) {
    AppendQuoted(field.value, out);
  } else {
    out += field.value;
  }
}

void Write(spdlog::level::level_enum level, std::string_view name, std::string_view message,
           LogFields fields) {
  spdlog::logger& logger = Logger();
  if (!logger.should_log(level)) return;
  const std::string line =
      FormatLogLine(log_format.load(), SystemClock().WallMs(), name, message, fields);
  logger.log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

std::string FormatLogLine(LogFormat format, int64_t wall_ms, std::string_view level,
                          std::string_view message, LogFields fields) {
  std::string line;
  AppendField(format, {"ts", FormatTimestamp(wall_ms)}, line);
  AppendField(format, {"level", level}, line);
  AppendField(format, {"msg", message}, line);
  for (const LogField& field : fields) AppendField(format, field, line);
  if (format == LogFormat::kJson) line += '}';
  return line;
}

Result<void> SetUpLogging(std::string_view level, LogFormat format) {
  spdlog::level::level_enum parsed;
  if (level == "debug") {
    parsed = spdlog::level::debug;
  } else if (level == "info") {
    parsed = spdlog::level::info;
  } else if (level == "warn") {
    parsed = spdlog::level::warn;
  } else if (level == "error") {
    parsed = spdlog::level::err;
  } else {
    return Error{"log level \"" + ToValidUtf8(level, 64) +
                 "\": expected debug, info, warn or error"};
  }
  log_format = format;
  Logger().set_level(parsed);
  return {};
}

Result<LogFormat> ParseLogFormat(std::string_view text) {
  if (text == "json") return LogFormat::kJson;
  if (text == "logfmt") return LogFormat::kLogfmt;
  return Error{"log format \"" + ToValidUtf8(text, 64) + "\": expected json or logfmt"};
}

void LogDebug(std::string_view message, LogFields fields) {
  Write(spdlog::level::debug, "debug", message, fields);
}

void LogInfo(std::string_view message, LogFields fields) {
  Write(spdlog::level::info, "info", message, fields);
}

void LogWarn(std::string_view message, LogFields fields) {
  Write(spdlog::level::warn, "warn", message, fields);
}

void LogError(std::string_view message, LogFields fields) {
  Write(spdlog::level::err, "error", message, fields);
}

}  // namespace limpet
