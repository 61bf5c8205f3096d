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

TEST_CASE("labels come back whatever number of bytes their sizes take") {
  SeriesBlock::Builder builder;
  std::vector<Labels> expected;
  for (const size_t name : {1, 5, 120, 127, 128, 300}) {
    for (const size_t value : {1, 3, 110, 119, 120, 121, 122, 123, 124, 127, 128, 20'000}) {
      expected.push_back({{std::string(name, 'n'), std::string(value, 'v')}, {"z", "end"}});
      builder.BeginSeries();
      builder.AddLabel(std::string(name, 'n'), std::string(value, 'v'));
      builder.AddLabel("z", "end");
    }
  }
  const auto block = builder.Build();
  for (size_t i = 0; i < expected.size(); ++i) CHECK(block->LabelsOf(i) == expected[i]);
}

TEST_CASE("a chunk comes back from its encoded bytes, equal and with an id of its own") {
  const auto chunk = TwoSeries()->chunks().at(0);
  const auto again = SeriesChunk::FromEncoded(std::string(chunk->encoded()), chunk->starts());
  REQUIRE(again.has_value());
  CHECK((*again)->SameSeries(*chunk));
  CHECK((*again)->content_hash() == chunk->content_hash());
  CHECK((*again)->id() != chunk->id());
}

TEST_CASE("malformed bytes are refused, at every truncation and for wrong starts") {
  const auto chunk = TwoSeries()->chunks().at(0);
  const std::string whole(chunk->encoded());
  std::set<size_t> label_ends{chunk->starts()[1]};  // cut there, fewer labels are left, all whole
  std::string_view rest = chunk->Encoded(1);
  for (std::string_view name, value; NextEncodedLabel(rest, name, value);) {
    label_ends.insert(whole.size() - rest.size());
  }
  for (size_t size = 0; size < whole.size(); ++size) {
    if (label_ends.contains(size)) continue;
    CHECK_MESSAGE(!SeriesChunk::FromEncoded(whole.substr(0, size), chunk->starts()), size);
  }
  CHECK(!SeriesChunk::FromEncoded(whole, {1, chunk->starts()[1]}));
  CHECK(!SeriesChunk::FromEncoded(whole, {0, chunk->starts()[1], 1}));
  CHECK(!SeriesChunk::FromEncoded(whole, {}));
  CHECK(!SeriesChunk::FromEncoded(whole, {0}));  // names not ascending over the border
  CHECK(SeriesChunk::FromEncoded("", {}).has_value());
}

std::shared_ptr<const SeriesChunk> Numbered(int from, int to) {
  SeriesChunk::Builder builder;
  for (int i = from; i < to; ++i) {
    builder.BeginSeries();
    builder.AddLabel("__name__", "m");
    builder.AddLabel("n", std::to_string(i));
  }
  return builder.Build();
}

std::shared_ptr<const SeriesBlock> BlockOf(SeriesBlock::Chunks chunks) {
  return *SeriesBlock::FromChunks(std::move(chunks));
}

TEST_CASE("a block's series are those of its chunks, in any order of asking") {
  const auto block = BlockOf({Numbered(0, 3), Numbered(3, 3), Numbered(3, 4), Numbered(4, 100)});
  REQUIRE(block->size() == 100);
  CHECK(block->chunks().size() == 3);  // the empty one is left out
  const auto number = [&](size_t i) { return std::string(block->LabelsOf(i).Get("n")); };
  for (size_t i = 0; i < 100; ++i) CHECK(number(i) == std::to_string(i));
  for (size_t i = 100; i-- > 0;) CHECK(number(i) == std::to_string(i));
  for (size_t i = 0; i < 1000; i += 37) CHECK(number(i % 100) == std::to_string(i % 100));
  CHECK(BlockOf({})->size() == 0);
}

TEST_CASE("blocks are the same by their series, however they are cut") {
  const auto whole = BlockOf({Numbered(0, 10)});
  CHECK(whole->SameSeries(*BlockOf({Numbered(0, 10)})));
  CHECK(whole->SameSeries(*BlockOf({Numbered(0, 4), Numbered(4, 10)})));
  CHECK_FALSE(whole->SameSeries(*BlockOf({Numbered(0, 4), Numbered(5, 11)})));
  CHECK_FALSE(whole->SameSeries(*BlockOf({Numbered(0, 9)})));
  const auto one = BlockOf({Numbered(0, 4), Numbered(4, 10)});
  const auto two = BlockOf({Numbered(0, 4), Numbered(4, 10)});
  CHECK(one->content_hash() == two->content_hash());
  CHECK(one->content_hash() != BlockOf({Numbered(4, 10), Numbered(0, 4)})->content_hash());
}

TEST_CASE("metadata has to be there for all series, in the table") {
  const auto table = std::make_shared<const MetadataTable>(2);
  CHECK(SeriesBlock::FromChunks({Numbered(0, 2)}, {0, 1}, table).has_value());
  CHECK_FALSE(SeriesBlock::FromChunks({Numbered(0, 2)}, {0, 2}, table).has_value());
  CHECK_FALSE(SeriesBlock::FromChunks({Numbered(0, 2)}, {0}, table).has_value());
  CHECK_FALSE(SeriesBlock::FromChunks({Numbered(0, 2)}, {0, 1}).has_value());
}

}  // namespace
}  // namespace limpet
