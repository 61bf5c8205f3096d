#include "queue/series_block.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>

namespace limpet {
namespace {

std::shared_ptr<const SeriesBlock> TwoSeries() {
  SeriesBlock::Builder builder;
  builder.BeginSeries();
  builder.AddLabel("__name__", "up");
  builder.BeginSeries();
  builder.AddLabel("__name__", "http_requests_total");
  builder.AddLabel("instance", "");
  builder.AddLabel("path", std::string(300, 'x'));
  return builder.Build();
}

TEST_CASE("a series is encoded as Remote-Write 1.0 label fields") {
  const auto block = TwoSeries();
  REQUIRE(block->size() == 2);
  CHECK(block->Encoded(0) == std::string("\x0A\x0E\x0A\x08__name__\x12\x02up"));
  CHECK(block->LabelsOf(0) == Labels{{"__name__", "up"}});
}

TEST_CASE("an empty value is kept in the encoding and is no label of the series") {
  const auto block = TwoSeries();
  std::string names;
  block->ForEachLabel(
      1, [&](std::string_view name, std::string_view) { names.append(name).append(" "); });
  CHECK(names == "__name__ instance path ");
  CHECK(block->LabelsOf(1) ==
        Labels{{"__name__", "http_requests_total"}, {"path", std::string(300, 'x')}});
}

TEST_CASE("a block comes back from its encoded bytes, equal and with an id of its own") {
  const auto block = TwoSeries();
  const auto again = SeriesBlock::FromEncoded(std::string(block->encoded()), block->starts());
  REQUIRE(again.has_value());
  CHECK((*again)->SameSeries(*block));
  CHECK((*again)->content_hash() == block->content_hash());
  CHECK((*again)->id() != block->id());
}

TEST_CASE("malformed bytes are refused, at every truncation and for wrong starts") {
  const auto block = TwoSeries();
  const std::string whole(block->encoded());
  std::set<size_t> label_ends{block->starts()[1]};  // cut there, fewer labels are left, all whole
  std::string_view rest = block->Encoded(1);
  for (std::string_view name, value; NextEncodedLabel(rest, name, value);) {
    label_ends.insert(whole.size() - rest.size());
  }
  for (size_t size = 0; size < whole.size(); ++size) {
    if (label_ends.contains(size)) continue;
    CHECK_MESSAGE(!SeriesBlock::FromEncoded(whole.substr(0, size), block->starts()), size);
  }
  CHECK(!SeriesBlock::FromEncoded(whole, {1, block->starts()[1]}));
  CHECK(!SeriesBlock::FromEncoded(whole, {0, block->starts()[1], 1}));
  CHECK(!SeriesBlock::FromEncoded(whole, {}));
  CHECK(!SeriesBlock::FromEncoded(whole, {0}));  // names not ascending over the border
  CHECK(SeriesBlock::FromEncoded("", {}).has_value());
}

}  // namespace
}  // namespace limpet
