#include "agent/web/pages.h"

#include <doctest/doctest.h>

#include "agent/web/html.h"
#include "tests/web/web_sources_fake.h"

namespace limpet {
namespace {

size_t Occurrences(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
  return count;
}

TEST_CASE("HTML text is escaped, valid and without control characters") {
  CHECK(HtmlText("<a href=\"x\" b='y'>&amp;</a>") ==
        "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
  CHECK(HtmlText(std::string("a\0b\x01\xff", 5)) == "ab\xef\xbf\xbd");
  CHECK(HtmlText("ä\n\t") == "ä\n\t");
}

TEST_CASE("targets are a table by job with their state") {
  FakeSources fake;
  fake.targets.resize(3);
  fake.targets[1].job = "db";
  fake.targets[2].health = TargetHealth::kDown;
  fake.targets[2].last_error = "connection refused";
  fake.targets[2].last_scrape_ms = 0;
  fake.dropped_counts = {{"api", 5}, {"db", 2}};
  const std::string page = TargetsPage(fake.Sources(), "").body;
  CHECK(Occurrences(page, "<table>") == 2);
  CHECK(page.find("<h2>api (1 of 2 up)</h2>") != std::string::npos);
  CHECK(page.find("<h2>db (1 of 1 up)</h2>") != std::string::npos);
  CHECK(page.find("<a rel=\"noreferrer\" href=\"http://10.0.0.1:80/metrics\">") !=
        std::string::npos);
  CHECK(page.find("<code>instance=\"10.0.0.1:80\"</code>") != std::string::npos);
  CHECK(page.find("<td class=\"down\">down</td>") != std::string::npos);
  CHECK(page.find("<td>9.877 s ago</td><td>0.250 s</td><td>1m30s</td>") != std::string::npos);
  CHECK(page.find("<td>never</td>") != std::string::npos);
  CHECK(page.find("connection refused") != std::string::npos);
  CHECK(page.find("<h2>Dropped by relabelling (7)</h2>") != std::string::npos);
  const std::string one = TargetsPage(fake.Sources(), "db").body;
  CHECK(one.find("<h2>Dropped by relabelling (2)</h2>") != std::string::npos);
  CHECK(Occurrences(one, "<table>") == 1);
  CHECK(one.find("<h2>api") == std::string::npos);
}

TEST_CASE("dropped targets lead to what is known of their pods") {
  FakeSources fake;
  const Labels of_pod{{"__address__", "10.0.0.9:80"},
                      {"__meta_kubernetes_namespace", "shop"},
                      {"__meta_kubernetes_pod_name", "api-1"}};
  fake.dropped.assign(60, {"api", of_pod});
  fake.dropped[1] = {"other", Labels{{"__address__", "10.0.0.8:80"}}};
  fake.dropped[2] = {kHostile, Labels{{"__address__", kHostile},
                                      {"__meta_kubernetes_namespace", kHostile},
                                      {"__meta_kubernetes_pod_name", kHostile}}};
  fake.dropped_counts = {{"api", 60}};
  const std::string page = TargetsPage(fake.Sources(), "").body;
  CHECK(page.find("<tr><td>api</td><td>10.0.0.9:80</td><td><a href=\"/api/v1/targets/explain?"
                  "pod=shop%2Fapi-1\">shop/api-1</a></td></tr>") != std::string::npos);
  CHECK(page.find("<tr><td>other</td><td>10.0.0.8:80</td><td></td></tr>") != std::string::npos);
  CHECK(Occurrences(page, "<tr><td") == 50);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("alert('") == std::string::npos);
}

TEST_CASE("no targets is said, not an empty page") {
  FakeSources fake;
  CHECK(TargetsPage(fake.Sources(), "").body.find("no active targets") != std::string::npos);
  CHECK(IndexPage(fake.Sources()).body.find("0 targets, 0 up; 0 receivers") != std::string::npos);
}

TEST_CASE("the index shows each receiver") {
  FakeSources fake;
  fake.receivers = {HealthyReceiver("main"), HealthyReceiver("copy")};
  fake.receivers[1].healthy = false;
  fake.receivers[1].last_error = kHostile;
  fake.receivers[1].samples_dropped_total = {
      {"too_old", 40}, {"http_400", 2}, {"write_relabel", 9}};
  const std::string page = IndexPage(fake.Sources()).body;
  CHECK(page.find("<td>main</td><td class=\"up\">up</td><td>http://vm:8428/api/v1/write</td>"
                  "<td>io.prometheus.write.v2.Request</td><td>2 of 16</td><td>1.500 s</td>") !=
        std::string::npos);
  CHECK(page.find("<td class=\"down\">down</td>") != std::string::npos);
  CHECK(page.find("<td>1000</td><td>42</td>") != std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("&lt;script&gt;") != std::string::npos);
}

TEST_CASE("hostile text opens no tag and no attribute") {
  FakeSources fake;
  fake.targets.resize(2);
  fake.targets[0].job = kHostile;
  fake.targets[0].labels = Labels{{"l", kHostile}};
  fake.targets[0].last_error = kHostile;
  fake.targets[0].url = "http://h/\"" + kHostile;
  fake.targets[1].url = "javascript:alert('x')//http://";
  const std::string page = TargetsPage(fake.Sources(), "").body;
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("alert('") == std::string::npos);
  CHECK(page.find("href=\"javascript") == std::string::npos);
  CHECK(page.find('\x01') == std::string::npos);
  CHECK(page.find('\xff') == std::string::npos);
  CHECK(Occurrences(page, "&lt;script&gt;") == 5);
}

TEST_CASE("a very long table ends, and says so") {
  FakeSources fake;
  fake.targets.resize(2005);
  const std::string page = TargetsPage(fake.Sources(), "").body;
  CHECK(Occurrences(page, "<tr><td") == 2000);
  CHECK(page.find("5 more are not shown") != std::string::npos);
  CHECK(page.find("(2005 of 2005 up)") != std::string::npos);
}

TEST_CASE("pages load nothing from anywhere") {
  FakeSources fake;
  for (const auto& response : {IndexPage(fake.Sources()), TargetsPage(fake.Sources(), "")}) {
    CHECK(response.content_type == "text/html; charset=utf-8");
    CHECK(response.body.starts_with("<!DOCTYPE html>"));
    for (const char* part : {"src=", "@import", "url(", "<script", "<link", "onclick"}) {
      CHECK(response.body.find(part) == std::string::npos);
    }
    CHECK(response.headers.at(0).first == "Content-Security-Policy");
  }
}

}  // namespace
}  // namespace limpet
