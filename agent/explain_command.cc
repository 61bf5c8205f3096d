#include "agent/explain_command.h"

#include <CLI/CLI.hpp>
#include <cstring>
#include <iostream>
#include <optional>

#include "agent/explain_text.h"
#include "agent/platform/clock.h"
#include "agent/platform/event_loop.h"
#include "agent/platform/http_collector.h"
#include "agent/platform/logging.h"
#include "agent/platform/url.h"
#include "agent/standard_output.h"
#include "discovery/json_object.h"
#include "queue/sample_text.h"

namespace limpet {
namespace {

constexpr int kScraped = 0;
constexpr int kNotScraped = 1;
constexpr int kNoAnswer = 2;
constexpr Millis kDeadline{10'000};
constexpr Millis kTurn{50};
constexpr size_t kAnswerBytesMax = 64u << 20;

int Fail(const std::string& text) {
  std::cerr << ForTerminal(text) << "\n";
  return kNoAnswer;
}

Result<Url> AddressOf(const std::string& text) {
  auto url = ParseUrl(text.find("://") == text.npos ? "http://" + text : text);
  if (!url) return url.error();
  if (url->scheme != "http") return Error{"limpet speaks http"};
  return url;
}

Result<HttpAnswer> Ask(const Url& address, const std::string& pod) {
  EventLoop loop;
  std::optional<Result<HttpAnswer>> answer;
  HttpCollector collector(kAnswerBytesMax,
                          [&answer](Result<HttpAnswer> got) { answer = std::move(got); });
  HttpConnection connection(loop, address, nullptr);
  HttpRequest request;
  request.target = "/api/v1/targets/explain?" + EncodeQuery({{"pod", pod}});
  connection.Start(std::move(request), SystemClock().Now() + kDeadline, collector);
  while (!answer) loop.RunFor(kTurn);
  return std::move(*answer);
}

}  // namespace

ExplainCommand::ExplainCommand(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "explain",
      "Ask a running limpet why a pod is scraped, or not; exit code 0: it is scraped, 1: it is "
      "not, 2: limpet does not answer, or an option is refused");
  command->add_option("POD", pod_, "NAMESPACE/NAME, or NAME in limpet's own namespace")->required();
  command->add_option("--address", address_, "Where limpet listens")->capture_default_str();
  command->add_option("--format", format_, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command_ = command;
}

bool ExplainCommand::parsed() const { return command_->parsed(); }

int ExplainCommand::Run() const {
  (void)SetUpLogging("error", LogFormat::kLogfmt);
  const auto address = AddressOf(address_);
  if (!address) return Fail("--address: " + address.error().message);
  auto answer = Ask(*address, pod_);
  if (!answer) {
    return Fail("no answer from limpet at " + address->Origin() + ": " + answer.error().message);
  }
  const std::string as_sent = answer->body;
  rapidjson::Document document;
  const auto parsed = ParseJsonObject(answer->body, document);
  if (!parsed || JsonStringAt(document, "status").empty()) {
    return Fail("not the answer of a limpet at " + address->Origin() + ": HTTP status " +
                std::to_string(answer->status));
  }
  if (JsonStringAt(document, "status") != "success") {
    return Fail(std::string(JsonStringAt(document, "error")));
  }
  const JsonValue& data = JsonObjectAt(document, "data");
  StandardOutput out;
  out.Write(format_ == "json" ? JsonForTerminal(as_sent) + "\n" : ExplanationText(data));
  out.Flush();
  if (out.failure() != 0) {
    return Fail(std::string("standard output: ") + std::strerror(out.failure()));
  }
  return JsonStringAt(data, "verdict") == "scraped" ? kScraped : kNotScraped;
}

}  // namespace limpet
