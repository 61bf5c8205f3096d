#include "agent/platform/logging.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <rapidjson/document.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <thread>
#include <vector>

#include "agent/platform/timestamp.h"
#include "agent/platform/utf8.h"

namespace limpet {
namespace {

constexpr int64_t kTimeMs = 1'700'000'000'123;

rapidjson::Document Parsed(const std::string& line) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(line.data(), line.size());
  REQUIRE_FALSE(document.HasParseError());
  REQUIRE(document.IsObject());
  return document;
}

// What the function writes to standard error.
template <typename Function>
std::string Captured(Function function) {
  std::array<int, 2> pipe_fds{};
  REQUIRE(::pipe2(pipe_fds.data(), O_CLOEXEC) == 0);
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(pipe_fds[1], STDERR_FILENO);
  function();
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(pipe_fds[1]);
  std::string text;
  std::array<char, 4096> chunk{};
  for (ssize_t n; (n = ::read(pipe_fds[0], chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<size_t>(n));
  }
  ::close(pipe_fds[0]);
  return text;
}

TEST_CASE("a JSON line has time, level, message and fields in order") {
  CHECK(FormatLogLine(LogFormat::kJson, kTimeMs, "warn", "scrape failed",
                      {{"job", "api"}, {"targets", 3}, {"up", true}}) ==
        R"({"ts":"2023-11-14T22:13:20.123Z","level":"warn","msg":"scrape failed","job":"api",)"
        R"("targets":3,"up":true})");
}

TEST_CASE("a logfmt line quotes what needs it and nothing else") {
  CHECK(FormatLogLine(LogFormat::kLogfmt, kTimeMs, "info", "started",
                      {{"address", "0.0.0.0:8429"},
                       {"empty", ""},
                       {"equals", "a=b"},
                       {"quote", "say \"x\""},
                       {"lines", "a\nb"},
                       {"n", -7}}) ==
        "ts=2023-11-14T22:13:20.123Z level=info msg=started address=0.0.0.0:8429 empty=\"\" "
        "equals=\"a=b\" quote=\"say \\\"x\\\"\" lines=\"a\\nb\" n=-7");
}

TEST_CASE("hostile values stay one line of valid JSON") {
  std::string hostile;
  for (int i = 0; i < 128; ++i) hostile += static_cast<char>(i);
  hostile += "\",\"level\":\"none\"}\n{";
  const std::string line =
      FormatLogLine(LogFormat::kJson, kTimeMs, "error", "m", {{"value", hostile}});
  CHECK(line.find('\n') == std::string::npos);
  const auto document = Parsed(line);
  CHECK(std::string(document["value"].GetString(), document["value"].GetStringLength()) == hostile);
  CHECK(std::string(document["level"].GetString()) == "error");
  CHECK(document.MemberCount() == 4);
}

TEST_CASE("bytes that are not UTF-8 are replaced") {
  for (const std::string bad : {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    const auto document =
        Parsed(FormatLogLine(LogFormat::kJson, kTimeMs, "info", "m", {{"v", "a" + bad + "ä"}}));
    const std::string value = document["v"].GetString();
    CHECK(value.starts_with("a\xef\xbf\xbd"));
    CHECK(value.ends_with("ä"));
  }
}

TEST_CASE("what is no JSON number gets quotes") {
  const auto document = Parsed(FormatLogLine(
      LogFormat::kJson, kTimeMs, "info", "m",
      {{"nan", std::nan("")}, {"inf", HUGE_VAL}, {"minus", -HUGE_VAL}, {"half", 0.5}}));
  CHECK(document["nan"].IsString());
  CHECK(document["inf"].IsString());
  CHECK(document["minus"].IsString());
  CHECK(document["half"].GetDouble() == 0.5);
}

TEST_CASE("a long value is cut between two characters") {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "ä";
  const auto document =
      Parsed(FormatLogLine(LogFormat::kJson, kTimeMs, "info", "m", {{"v", text}}));
  const std::string value = document["v"].GetString();
  CHECK(value.size() == 2048 + 3);
  CHECK(value.ends_with("ä..."));
  CHECK(ToValidUtf8("abcdef", 3) == "abc...");
  CHECK(ToValidUtf8("abc", 3) == "abc");
}

TEST_CASE("levels and formats are checked") {
  CHECK(ParseLogFormat("json").value() == LogFormat::kJson);
  CHECK(ParseLogFormat("logfmt").value() == LogFormat::kLogfmt);
  CHECK_FALSE(ParseLogFormat("JSON").has_value());
  const auto wrong = SetUpLogging("loud", LogFormat::kJson);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().message == "log level \"loud\": expected debug, info, warn or error");
}

TEST_CASE("lines below the level are not written") {
  REQUIRE(SetUpLogging("warn", LogFormat::kLogfmt).has_value());
  const std::string text = Captured([] {
    LogDebug("one");
    LogInfo("two");
    LogWarn("three {} %s");
    LogError("four");
  });
  CHECK(text.find("one") == std::string::npos);
  CHECK(text.find("two") == std::string::npos);
  CHECK(text.find("level=warn msg=\"three {} %s\"\n") != std::string::npos);
  CHECK(text.find("level=error msg=four\n") != std::string::npos);
}

TEST_CASE("lines of several threads do not mix") {
  REQUIRE(SetUpLogging("info", LogFormat::kJson).has_value());
  const std::string text = Captured([] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 50; ++i) LogInfo("line", {{"i", i}});
      });
    }
    for (auto& thread : threads) thread.join();
  });
  size_t lines = 0;
  for (size_t begin = 0; begin < text.size(); ++lines) {
    const size_t end = text.find('\n', begin);
    REQUIRE(end != std::string::npos);
    Parsed(text.substr(begin, end - begin));
    begin = end + 1;
  }
  CHECK(lines == 200);
}

TEST_CASE("timestamps") {
  CHECK(FormatTimestamp(0) == "1970-01-01T00:00:00.000Z");
  CHECK(FormatTimestamp(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(FormatTimestamp(1'709'164'800'007) == "2024-02-29T00:00:00.007Z");
  CHECK(FormatTimestamp(253'402'300'799'999) == "9999-12-31T23:59:59.999Z");
  CHECK(FormatTimestamp(INT64_MAX) == "1970-01-01T00:00:00.000Z");
}

}  // namespace
}  // namespace limpet
