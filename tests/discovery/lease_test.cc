#include "discovery/lease.h"

#include <doctest/doctest.h>

#include <string>

#include "discovery/json_object.h"

namespace limpet {
namespace {

constexpr const char* kText = R"({"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{
  "name":"limpet","namespace":"monitoring","uid":"u-1","resourceVersion":"42",
  "labels":{"team":"a\"b"},"ownerReferences":[{"kind":"Deployment","controller":true}],
  "managedFields":[{"manager":"x","fieldsV1":{"f:spec":{"f:holderIdentity":{}}}}]},
  "spec":{"holderIdentity":"limpet-0","leaseDurationSeconds":15,"leaseTransitions":3,
  "acquireTime":"2026-01-01T00:00:00.000000Z","renewTime":"2026-01-01T00:00:07.500000Z"}})";

Result<Lease> Read(std::string text) { return ReadLease(text); }

TEST_CASE("a lease is read, and written back with what others have put into it") {
  Lease lease = Read(kText).value();
  CHECK(lease.holder == "limpet-0");
  CHECK(lease.duration == Millis(15'000));
  CHECK(lease.transitions == 3);
  CHECK(lease.acquire_time == "2026-01-01T00:00:00.000000Z");
  CHECK(lease.renew_time == "2026-01-01T00:00:07.500000Z");
  lease.holder = "limpet-\"1\"";
  lease.duration = Millis(1'500);
  std::string text = LeaseText(lease, "monitoring", "limpet");
  CHECK(text.find("managedFields") == std::string::npos);
  CHECK(text.find(R"("labels":{"team":"a\"b"})") != std::string::npos);
  CHECK(text.find(R"("ownerReferences":[{"kind":"Deployment","controller":true}])") !=
        std::string::npos);
  CHECK(text.find(R"("resourceVersion":"42")") != std::string::npos);
  const Lease again = Read(text).value();
  CHECK(again.holder == "limpet-\"1\"");
  CHECK(again.duration == Millis(2'000));
  CHECK(again.transitions == 3);
  CHECK_FALSE(again.SameRecord(lease));
}

TEST_CASE("a new one has its name, and no version") {
  Lease lease;
  lease.holder = "a";
  lease.duration = Millis(15'000);
  lease.acquire_time = lease.renew_time = MicroTimeText(1'700'000'000'123);
  CHECK(LeaseText(lease, "n", "limpet") ==
        R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease",)"
        R"("metadata":{"name":"limpet","namespace":"n"},)"
        R"("spec":{"holderIdentity":"a","leaseDurationSeconds":15,)"
        R"("acquireTime":"2023-11-14T22:13:20.123000Z","renewTime":"2023-11-14T22:13:20.123000Z",)"
        R"("leaseTransitions":0}})");
}

TEST_CASE("what is no lease is an error, what is odd in one is nothing") {
  for (const char* text :
       {"", "[]", "null", "{}", R"({"metadata":{}})", R"({"metadata":{"resourceVersion":7}})",
        R"({"metadata":{"resourceVersion":"7"})", R"({"metadata":[]})", "{\"a\":\"\xf4\x1e",
        "{\"\xf4", "\xf4"}) {
    CAPTURE(text);
    CHECK_FALSE(Read(text).has_value());
  }
  CHECK_FALSE(
      Read(R"({"metadata":{"resourceVersion":")" + std::string(300, '1') + "\"}}").has_value());
  for (
      const char* spec :
      {"", R"(,"spec":null)", R"(,"spec":[])",
       R"(,"spec":{"holderIdentity":5,"leaseDurationSeconds":"15","leaseTransitions":-1,)"
       R"("acquireTime":{},"renewTime":null})",
       R"(,"spec":{"leaseDurationSeconds":-15,"leaseTransitions":1e300})",
       R"(,"spec":{"leaseDurationSeconds":99999999999,"leaseTransitions":18446744073709551615})"}) {
    CAPTURE(spec);
    const auto lease = Read(std::string(R"({"metadata":{"resourceVersion":"1"})") + spec + "}");
    REQUIRE(lease.has_value());
    CHECK(lease->SameRecord(Lease()));
  }
}

TEST_CASE("metadata without a bottom is refused, before it takes the stack") {
  const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
  const auto read = Read(R"({"metadata":{"resourceVersion":"1","x":)" + deep + "}}");
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().message == "the Lease's metadata is nested too deep");
}

}  // namespace
}  // namespace limpet
