// Lists of targets as JSON and YAML: what they give, and where they are wrong.
#include "discovery/json_target_list.h"

#include <doctest/doctest.h>

#include "agent/config/target_list.h"
#include "discovery/listed_groups.h"

namespace limpet {
namespace {

std::string ErrorOf(const TargetList& list) {
  return list.errors.empty() ? "" : list.errors.front().ToString();
}

std::vector<StaticConfig> Json(const std::string& text) {
  const TargetList list = ReadJsonTargetList(text, "f");
  CHECK(ErrorOf(list) == "");
  return list.groups;
}

std::vector<StaticConfig> Yaml(const std::string& text) {
  const TargetList list = ReadYamlTargetList(text, "f");
  CHECK(ErrorOf(list) == "");
  return list.groups;
}

TEST_CASE("JSON: groups in order, with and without labels") {
  const auto groups = Json(R"([
    {"targets": ["a:1", "b\u00e4:2"], "labels": {"team": "x", "__meta_z": "1", "ä b": "c"}},
    {"labels": {"only": "labels"}}, {"targets": []}, {}, {"Targets": ["c:3"], "LABELS": null}])");
  REQUIRE(groups.size() == 5);
  CHECK(groups[0] ==
        StaticConfig{{"a:1", "bä:2"}, {{"team", "x"}, {"__meta_z", "1"}, {"ä b", "c"}}});
  CHECK(groups[1] == StaticConfig{{}, {{"only", "labels"}}});
  CHECK(groups[2] == StaticConfig{});
  CHECK(groups[4] == StaticConfig{{"c:3"}, {}});
}

TEST_CASE("JSON: nothing is an empty list, and the last of equal members wins") {
  CHECK(Json("null").empty());
  CHECK(Json(" [ ] \n").empty());
  CHECK(Json(R"([{"targets": ["a"], "targets": ["b"], "labels": {"x": "1", "x": "2"}}])") ==
        std::vector<StaticConfig>{{{"b"}, {{"x", "2"}}}});
  CHECK(Json(R"([{"targets": [null, ""], "labels": {"x": null}}])") ==
        std::vector<StaticConfig>{{{"", ""}, {}}});
}

TEST_CASE("JSON: errors have the place of the token that is wrong") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "f:1:1: not valid JSON: The document is empty."},
      {"{}", "f:1:1: expected a list of groups, found an object"},
      {"  \"x\"", "f:1:3: expected a list of groups, found text"},
      {"[null]", "f:1:2: [0]: expected an object with targets and labels, found null"},
      {"[{}, [", "f:1:6: [1]: expected an object with targets and labels, found a list"},
      {"[\n  {\"targets\": [\"a\",\n    7]}]",
       "f:3:5: [0].targets[1]: expected text, found a number"},
      {"[{\"targets\": \"a\"}]", "f:1:14: [0].targets: expected a list of targets, found text"},
      {"[{\"targets\": [[]]}]", "f:1:15: [0].targets[0]: expected text, found a list"},
      {"[{\"labels\": []}]", "f:1:13: [0].labels: expected an object of labels, found a list"},
      {"[{\"labels\": {\"a\": {}}}]", "f:1:19: [0].labels.\"a\": expected text, found an object"},
      {"[{\"labels\": {\"a\": true}}]", "f:1:19: [0].labels.\"a\": expected text, found true"},
      {"[{\"labels\": {\"\": \"b\"}}]", "f:1:14: [0].labels: a label's name must not be empty"},
      {"[{\"target\": []}]", "f:1:3: [0]: unknown member \"target\"; expected targets or labels"},
      {"[{\"targets\": [\"a\" \"b\"]}]",
       "f:1:19: not valid JSON: Missing a comma or ']' after an array element."},
      {"[{\"targets\": [\"\xff\"]}]", "f:1:16: not valid JSON: Invalid encoding in string."},
  };
  for (const auto& [text, error] : cases) {
    CAPTURE(text);
    CHECK(ErrorOf(ReadJsonTargetList(text, "f")) == error);
  }
  CHECK_FALSE(ReadJsonTargetList("[] []", "f").errors.empty());
  CHECK_FALSE(ReadJsonTargetList("[{\"targets\": [\"a\"", "f").errors.empty());
  CHECK_FALSE(ReadJsonTargetList(std::string("[]\0[", 4), "f").errors.empty());
}

TEST_CASE("JSON: depth is no matter") {
  CHECK(ErrorOf(ReadJsonTargetList(std::string(1'000'000, '['), "f")) ==
        "f:1:2: [0]: expected an object with targets and labels, found a list");
}

TEST_CASE("YAML says the same as JSON") {
  CHECK(Yaml("- targets: ['a:1', b:2]\n  labels: {team: x}\n- targets:\n  - c:3\n- {}\n") ==
        std::vector<StaticConfig>{{{"a:1", "b:2"}, {{"team", "x"}}}, {{"c:3"}, {}}, {}});
  CHECK(Yaml("").empty());
  CHECK(Yaml("# none yet\n").empty());
  CHECK(Yaml("- targets: [\"\", a/b]\n") == std::vector<StaticConfig>{{{"", "a/b"}, {}}});
  // What is JSON may stand in a file of YAML.
  CHECK(Yaml(R"([{"targets": ["a:1"], "labels": {"n": 1}}])") ==
        std::vector<StaticConfig>{{{"a:1"}, {{"n", "1"}}}});
}

TEST_CASE("YAML: errors have their places") {
  const std::pair<const char*, const char*> cases[] = {
      {"targets: [a]", "f:1:1: expected a list, found a mapping"},
      {"- targets: [a]\n- ~\n", "f:1:1: [1]: expected a mapping, found nothing"},
      {"- targets: a", "f:1:12: [0].targets: expected a list, found text"},
      {"- targets: [a]\n  label: {}",
       "f:2:3: [0]: unknown key \"label\"; did you mean \"labels\"?"},
      {"- labels: {a: b, a: c}", "f:1:18: [0].labels: duplicate key \"a\", first at line 1"},
      {"- labels: {a: [b]}", "f:1:15: [0].labels.a: expected text, found a list"},
      {"- targets: [a:1]\n, labels: {x: y\n  l}\n",
       "f:2:1: not valid YAML: expected the end of the file"},
      {"- targets: [a\n", "f:2:1: not valid YAML: end of sequence flow not found"},
  };
  for (const auto& [text, error] : cases) {
    CAPTURE(text);
    CHECK(ErrorOf(ReadYamlTargetList(text, "f")) == error);
  }
}

TEST_CASE("groups are labelled with where they are from, which wins") {
  const auto groups =
      MakeListedGroups({{{"a:1", "b:1"}, {{"__meta_url", "lie"}, {"x", "y"}}}, {{"c:1"}, {}}},
                       "http/u", {"__meta_url", "u"})
          .value();
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].source == "http/u:0");
  CHECK(groups[1].source == "http/u:1");
  CHECK(groups[0].labels == Labels{{"__meta_url", "u"}, {"x", "y"}});
  CHECK(groups[0].targets ==
        std::vector<Labels>{{{"__address__", "a:1"}}, {{"__address__", "b:1"}}});
}

TEST_CASE("a list has bounds") {
  const Label origin{"__meta_url", "u"};
  const std::vector<std::string> many(1000, "a:1");
  CHECK(MakeListedGroups(std::vector<StaticConfig>(100, {many, {}}), "s", origin).has_value());
  CHECK(MakeListedGroups(std::vector<StaticConfig>(101, {many, {}}), "s", origin).error().message ==
        "more than 100000 targets");
  CHECK(MakeListedGroups(std::vector<StaticConfig>(100'001), "s", origin).error().message ==
        "more than 100000 groups");
  // Each target gets all of its group's labels.
  const StaticConfig wide{many, {{"wide", std::string(70'000, 'x')}}};
  CHECK(MakeListedGroups({wide}, "s", origin).error().message == "more than 64 MiB of labels");
}

TEST_CASE("what has changed between two lists") {
  const Label origin{"__meta_url", "u"};
  const auto make = [&](const std::vector<StaticConfig>& list) {
    return MakeListedGroups(list, "s", origin).value();
  };
  const TargetGroups before = make({{{"a"}, {}}, {{"b"}, {}}, {{"c"}, {}}, {}});
  CHECK(ChangedGroups(before, before).empty());
  CHECK(ChangedGroups({}, before).size() == 3);  // the empty one is nothing new
  const TargetGroups now = make({{{"a"}, {}}, {{"b", "b2"}, {}}});
  const TargetGroups changed = ChangedGroups(before, now);
  REQUIRE(changed.size() == 2);
  CHECK(changed[0] == now[1]);
  CHECK(changed[1] == TargetGroup{"s:2", {}, {}});
  CHECK(HasListedGroup(before, "s:2"));
  CHECK_FALSE(HasListedGroup(before, "s:3"));
  CHECK_FALSE(HasListedGroup(before, "s:4"));
  CHECK_FALSE(HasListedGroup(before, "t:2"));
  CHECK(CountTargets(now) == 3);
}

}  // namespace
}  // namespace limpet
