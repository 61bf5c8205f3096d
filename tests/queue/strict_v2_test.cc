// The strict decoder of Remote-Write 2.0 refuses what the specification does.
#include "tests/queue/strict_v2.h"

#include <doctest/doctest.h>
#include <snappy.h>

#include <functional>

namespace limpet {
namespace {

remote_write_v2::Request Good() {
  remote_write_v2::Request request;
  for (const char* symbol : {"", "__name__", "m", "job", "j\u00e9", "trace_id", "Help."}) {
    request.add_symbols(symbol);
  }
  auto& series = *request.add_timeseries();
  for (const uint32_t ref : {1, 2, 3, 4}) series.add_labels_refs(ref);
  for (const int64_t timestamp : {1, 2, 2}) series.add_samples()->set_timestamp(timestamp);
  auto& exemplar = *series.add_exemplars();
  exemplar.add_labels_refs(5);
  exemplar.add_labels_refs(2);
  exemplar.set_timestamp(1);
  series.mutable_metadata()->set_help_ref(6);
  return request;
}

TEST_CASE("a good 2.0 message is taken, and each flaw refused") {
  CHECK(WhyNotV2(Good()) == "");
  using Message = remote_write_v2::Request;
  const std::vector<std::pair<std::string, std::function<void(Message&)>>> flaws = {
      {"no symbols", [](Message& r) { r.clear_symbols(); }},
      {"the first symbol is not empty", [](Message& r) { r.set_symbols(0, "x"); }},
      {"a symbol twice", [](Message& r) { r.add_symbols("job"); }},
      {"a symbol twice", [](Message& r) { r.add_symbols(""); }},
      {"no labels", [](Message& r) { r.mutable_timeseries(0)->clear_labels_refs(); }},
      {"an odd number of references",
       [](Message& r) { r.mutable_timeseries(0)->add_labels_refs(2); }},
      {"a reference out of range",
       [](Message& r) { r.mutable_timeseries(0)->set_labels_refs(3, 7); }},
      {"an empty name or value",
       [](Message& r) { r.mutable_timeseries(0)->set_labels_refs(3, 0); }},
      {"a label name twice", [](Message& r) { r.mutable_timeseries(0)->set_labels_refs(2, 1); }},
      {"label names out of order",
       [](Message& r) {
         r.mutable_timeseries(0)->set_labels_refs(0, 3);
         r.mutable_timeseries(0)->set_labels_refs(2, 1);
       }},
      {"no samples", [](Message& r) { r.mutable_timeseries(0)->clear_samples(); }},
      {"samples and histograms", [](Message& r) { r.mutable_timeseries(0)->add_histograms(); }},
      {"samples out of order",
       [](Message& r) { r.mutable_timeseries(0)->mutable_samples(2)->set_timestamp(1); }},
      {"an exemplar without a timestamp",
       [](Message& r) { r.mutable_timeseries(0)->mutable_exemplars(0)->set_timestamp(0); }},
      {"metadata refers out of range",
       [](Message& r) { r.mutable_timeseries(0)->mutable_metadata()->set_unit_ref(7); }},
      {"an unknown type",
       [](Message& r) {
         r.mutable_timeseries(0)->mutable_metadata()->set_type(
             static_cast<remote_write_v2::Metadata::MetricType>(8));
       }},
  };
  for (const auto& [why, flaw] : flaws) {
    Message request = Good();
    flaw(request);
    CHECK(WhyNotV2(request) == why);
  }
  for (const char* text :
       {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\x80"}) {
    Message request = Good();
    request.set_symbols(4, text);
    CHECK(WhyNotV2(request) == "a symbol that is not UTF-8");
  }
}

TEST_CASE("a body that is no snappy block or no message is refused") {
  remote_write_v2::Request request;
  CHECK(WhyNotV2Body("no snappy", request) == "not a snappy block");
  std::string body;
  snappy::Compress("\x22", 1, &body);
  CHECK(WhyNotV2Body(body, request) == "not an io.prometheus.write.v2.Request");
  const std::string message = Good().SerializeAsString();
  snappy::Compress(message.data(), message.size(), &body);
  CHECK(WhyNotV2Body(body, request) == "");
  CHECK(request.timeseries_size() == 1);
  const std::string with_v1 = message + std::string("\x0a\x00", 2);
  snappy::Compress(with_v1.data(), with_v1.size(), &body);
  CHECK(WhyNotV2Body(body, request) == "not empty as a 1.0 message");
}

}  // namespace
}  // namespace limpet
