#include "discovery/monitor_kind.h"
#include "tests/discovery/monitor_fixture.h"

namespace limpet {
namespace {

using Texts = std::vector<std::string>;
constexpr auto kErrorsKind = MonitorKind::kServiceMonitor;

std::string WithEndpoint(const std::string& fields) {
  return R"({"endpoints": [{)" + fields + "}]}";
}

TEST_CASE_FIXTURE(MonitorFixture, "an error is told with the field that it is in") {
  const Texts interval = Errors(kErrorsKind, WithEndpoint(R"("interval": "15")"));
  REQUIRE(interval.size() == 1);
  CHECK(interval[0].starts_with("spec.endpoints[0].interval: "));
  CHECK(interval[0].ends_with("found \"15\""));
  CHECK(Errors(kErrorsKind, WithEndpoint(R"("interval": "5s", "scrapeTimeout": "9s")")) ==
        Texts{"spec.endpoints[0].scrapeTimeout: must not be greater than scrape_interval (5s)"});
  const Texts regex = Errors(
      kErrorsKind, WithEndpoint(R"("relabelings": [{}, {"targetLabel": "a", "regex": "a("}])"));
  REQUIRE(regex.size() == 2);
  CHECK(regex[0].starts_with("spec.endpoints[0].relabelings[0]: "));
  CHECK(regex[1].starts_with("spec.endpoints[0].relabelings[1].regex: not a regular expression"));
  CHECK(Errors(kErrorsKind, WithEndpoint(R"("metricRelabelings": [{"action": "explode"}])"))
            .at(0)
            .starts_with("spec.endpoints[0].metricRelabelings[0].action: "));
  CHECK(Errors(kErrorsKind, R"({"endpoints": [{}], "selector": {"matchExpressions":
                          [{"key": "a", "operator": "Gt", "values": ["1"]}]}})") ==
        Texts{"spec.selector.matchExpressions[0].operator: expected In, NotIn, Exists or "
              "DoesNotExist"});
  CHECK(Errors(kErrorsKind, R"({"endpoints": [{}], "scrapeClass": "mine"})") ==
        Texts{"spec.scrapeClass: there are no scrape classes in limpet"});
  CHECK(Errors(kErrorsKind, R"({"endpoints": [{}], "sampleLimit": "many"})")
            .at(0)
            .starts_with("spec.sampleLimit: expected a whole number from 0"));
  CHECK(Errors(kErrorsKind, R"({"endpoints": [{}], "namespaceSelector": {"matchNames": ["A/B"]}})")
            .at(0)
            .starts_with("spec.namespaceSelector.matchNames[0]: expected a namespace"));
}

TEST_CASE_FIXTURE(MonitorFixture, "all errors of an object are told at once") {
  const Texts errors = Errors(kErrorsKind, R"({"endpoints": [
    {"interval": "x"}, {"port": "("},
    {"basicAuth": {"username": {"name": "a", "key": "b"},
                   "password": {"name": "", "key": "b"}}}]})");
  REQUIRE(errors.size() == 4);
  CHECK(errors[0].starts_with("spec.endpoints[0].interval: "));
  CHECK(errors[1].starts_with("spec.endpoints[1].port: not a regular expression"));
  CHECK(errors[2] == "spec.endpoints[2].basicAuth.username: there is no Secret shop/a");
  CHECK(errors[3] == "spec.endpoints[2].basicAuth.password: needs name and key of a Secret");
}

TEST_CASE_FIXTURE(MonitorFixture, "types that no API server would have let through are errors") {
  for (const std::string spec :
       {R"({"endpoints": [{"port": 3, "interval": ["a"]}]})", R"({"endpoints": [{"params": "x"}]})",
        R"({"endpoints": [{"honorLabels": "yes"}]})",
        R"({"endpoints": [{"relabelings": {"a": 1}}]})",
        R"({"endpoints": [{"relabelings": [{"sourceLabels": "a", "targetLabel": "b"}]}]})",
        R"({"endpoints": [{"tlsConfig": {"ca": {"secret": 3}}}]})",
        R"({"endpoints": [{"scheme": {}, "path": ["a"]}]})"}) {
    CAPTURE(spec);
    CHECK_FALSE(Errors(kErrorsKind, spec).empty());
  }
  // What is not read does no harm.
  for (const std::string spec : {"{}", R"({"endpoints": 3})", R"({"endpoints": [], "x": null})"}) {
    CHECK(Translate(kErrorsKind, spec).errors == Texts{});
  }
  CHECK(Errors(kErrorsKind, "[]") == Texts{"spec: not a JSON object"});
  CHECK(Errors(kErrorsKind, R"({"endpoints": [)").size() == 1);
}

TEST_CASE_FIXTURE(MonitorFixture, "an object has at most 100 endpoints") {
  std::string endpoints = "{}";
  for (int i = 0; i < 99; ++i) endpoints += ",{}";
  CHECK(Translate(kErrorsKind, R"({"endpoints": [)" + endpoints + "]}").jobs.size() == 100);
  CHECK(Errors(kErrorsKind, R"({"endpoints": [)" + endpoints + ",{}]}") ==
        Texts{"spec.endpoints: more than 100 endpoints"});
}

std::string Record(std::string object) {
  rapidjson::Document document;
  REQUIRE(ParseJsonObject(object, document).has_value());
  return MonitorRecord(document);
}

TEST_CASE("a monitor's record is its spec alone") {
  const std::string record = Record(
      R"({"metadata": {"namespace": "a", "name": "b", "generation": 3}, "spec": {"x" : [1, "y"]},
          "status": {"z": 1}})");
  const MonitorObject object = DecodeMonitor(record);
  CHECK(object.name_space == "a");
  CHECK(object.name == "b");
  CHECK(object.spec == R"({"x":[1,"y"]})");
  CHECK(object.problem.empty());
  CHECK(record == Record(R"({"spec":{"x":[1,"y"]},"metadata":{"name":"b","namespace":"a"}})"));
}

TEST_CASE("a monitor that is too large or nested too deeply is not read") {
  const std::string head = R"({"metadata": {"namespace": "a", "name": "b"}, "spec": {"x": )";
  const auto nested = [&](int levels) {
    return Record(head + std::string(static_cast<size_t>(levels), '[') +
                  std::string(static_cast<size_t>(levels), ']') + "}}");
  };
  CHECK(DecodeMonitor(nested(47)).problem.empty());
  const std::string deep = nested(48);
  CHECK(DecodeMonitor(deep).problem == "spec: nested deeper than 48 levels");
  CHECK(DecodeMonitor(deep).spec.empty());
  const std::string deepest = nested(100'000);
  CHECK(DecodeMonitor(deepest).problem == "spec: nested deeper than 48 levels");
  const std::string large = Record(head + '"' + std::string(300'000, 'x') + "\"}}");
  CHECK(DecodeMonitor(large).problem == "spec: larger than 256 KiB");
  CHECK(DecodeMonitor(large).name == "b");
}

}  // namespace
}  // namespace limpet
