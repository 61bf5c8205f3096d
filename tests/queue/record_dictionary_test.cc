#include "queue/record_dictionary.h"

#include <doctest/doctest.h>

#include <random>

#include "queue/record.h"

using namespace limpet;

namespace {

std::shared_ptr<const SeriesChunk> MakeChunk(const std::string& name, int series) {
  SeriesChunk::Builder builder;
  for (int i = 0; i < series; ++i) {
    builder.BeginSeries();
    builder.AddLabel("__name__", name);
    builder.AddLabel("n", std::to_string(i));
  }
  return builder.Build();
}

std::shared_ptr<const MetadataTable> MakeTable() {
  return std::make_shared<const MetadataTable>(MetadataTable{
      {}, {MetricType::kCounter, "help 1", "seconds"}, {MetricType::kGauge, "help 2", ""}});
}

std::shared_ptr<const SeriesBlock> MakeBlock(SeriesBlock::Chunks chunks) {
  size_t series = 0;
  for (const auto& chunk : chunks) series += chunk->size();
  std::vector<uint16_t> places;
  for (size_t i = 0; i < series; ++i) places.push_back(static_cast<uint16_t>(i / 7 % 3));
  return *SeriesBlock::FromChunks(std::move(chunks), std::move(places), MakeTable());
}

std::vector<Record> RecordsIn(std::string_view bytes) {
  std::vector<Record> records;
  while (!bytes.empty()) {
    Record record;
    size_t needed = 0;
    REQUIRE(ParseRecord(bytes, RecordCheck::kChecksum, record, needed) == RecordStatus::kOk);
    bytes.remove_prefix(record.bytes);
    records.push_back(record);
  }
  return records;
}

bool Take(const Record& record, DictionaryReader& reader) {
  switch (record.type) {
    case RecordType::kChunk:
      return reader.TakeChunk(record.payload);
    case RecordType::kMetadata:
      return reader.TakeMetadata(record.payload);
    default:
      return reader.TakeLayout(record.payload);
  }
}

}  // namespace

TEST_CASE("layouts come back, and what they share is written once") {
  LogPool pool;
  DictionaryWriter writer;
  DictionaryReader reader(pool);
  uint64_t next_id = 1;
  const auto common = MakeChunk("common", 100);
  const auto first = MakeBlock({common, MakeChunk("first", 20)});
  const auto second = MakeBlock({common, MakeChunk("second", 20), common});
  std::string bytes;
  const uint64_t first_id = writer.Put(*first, next_id, bytes);
  CHECK(RecordsIn(bytes).size() == 4);  // two chunks, a table, the layout
  for (const Record& record : RecordsIn(bytes)) CHECK(Take(record, reader));
  bytes.clear();
  const uint64_t second_id = writer.Put(*second, next_id, bytes);
  CHECK(RecordsIn(bytes).size() == 3);  // its table is another one
  for (const Record& record : RecordsIn(bytes)) CHECK(Take(record, reader));
  CHECK(first_id != second_id);
  REQUIRE(reader.Find(first_id) != nullptr);
  REQUIRE(reader.Find(second_id) != nullptr);
  CHECK(reader.Find(first_id)->SameSeries(*first));
  CHECK(reader.Find(second_id)->SameSeries(*second));
  CHECK(reader.Find(second_id)->chunks()[0] == reader.Find(first_id)->chunks()[0]);
  CHECK(reader.Find(second_id)->MetadataOf(8).help == "help 1");
  CHECK(reader.Find(next_id) == nullptr);
}

TEST_CASE("writer and reader forget alike, and ids are not used again") {
  LogPool pool;
  DictionaryWriter writer;
  DictionaryReader reader(pool);
  uint64_t next_id = 1;
  const auto common = MakeChunk("common", 50);
  std::vector<std::pair<uint64_t, std::shared_ptr<const SeriesBlock>>> open;
  std::mt19937 random(4);
  for (int round = 0; round < 500; ++round) {
    SeriesBlock::Chunks chunks = {MakeChunk("own" + std::to_string(round), 3)};
    if (random() % 3 > 0) chunks.push_back(common);
    const auto block = MakeBlock(std::move(chunks));
    std::string bytes;
    const uint64_t before = next_id;
    const uint64_t id = writer.Put(*block, next_id, bytes);
    CHECK(id >= before);
    for (const Record& record : RecordsIn(bytes)) REQUIRE(Take(record, reader));
    REQUIRE(reader.Find(id) != nullptr);
    CHECK(reader.Find(id)->SameSeries(*block));
    open.emplace_back(id, block);
    while (open.size() > random() % 4) {
      writer.Forget(open.front().second->id());
      reader.Forget(open.front().first);
      CHECK(reader.Find(open.front().first) == nullptr);
      open.erase(open.begin());
    }
  }
  for (const auto& [id, block] : open) reader.Forget(id);
  open.clear();
  CHECK(pool.InUse() == 0);
}

TEST_CASE("a layout that refers to what is missing is refused") {
  LogPool pool;
  DictionaryWriter writer;
  uint64_t next_id = 1;
  const auto block = MakeBlock({MakeChunk("a", 10), MakeChunk("b", 10)});
  std::string bytes;
  const uint64_t id = writer.Put(*block, next_id, bytes);
  const std::vector<Record> records = RecordsIn(bytes);
  for (size_t missing = 0; missing + 1 < records.size(); ++missing) {
    DictionaryReader reader(pool);
    for (size_t i = 0; i < records.size(); ++i) {
      if (i == missing) continue;
      CHECK(Take(records[i], reader) == (i + 1 < records.size()));
    }
    CHECK(reader.Find(id) == nullptr);
  }
}

TEST_CASE("what does not fit together is refused") {
  LogPool pool;
  DictionaryReader reader(pool);
  std::string bytes;
  REQUIRE(PutChunkRecord(1, *MakeChunk("a", 10), bytes));
  REQUIRE(PutMetadataRecord(2, *MakeTable(), bytes));
  for (const Record& record : RecordsIn(bytes)) REQUIRE(Take(record, reader));
  const auto takes = [&](const LayoutPayload& layout) {
    std::string record;
    PutLayoutRecord(layout, record);
    return Take(RecordsIn(record).front(), reader);
  };
  CHECK(takes({3, {1}, 2, {{1, 10}}}));
  CHECK_FALSE(takes({3, {1}, 2, {{1, 10}}}));  // the id is taken
  CHECK_FALSE(takes({4, {1}, 2, {{1, 9}}}));
  CHECK_FALSE(takes({4, {1}, 2, {{1, 11}}}));
  CHECK_FALSE(takes({4, {1}, 2, {{3, 10}}}));
  CHECK_FALSE(takes({4, {1}, 0, {{1, 10}}}));
  CHECK_FALSE(takes({4, {7}, 0, {}}));
  CHECK(takes({4, {1, 1}, 0, {}}));
  CHECK(takes({5, {}, 0, {}}));
  // A layout of so many series that it could not be held.
  CHECK_FALSE(takes({6, std::vector<uint64_t>(kSeriesMax / 10 + 1, 1), 0, {}}));
}

TEST_CASE("hostile payloads are refused without reading beyond them") {
  std::mt19937 random(10);
  LogPool pool;
  DictionaryWriter writer;
  uint64_t next_id = 1;
  std::string bytes;
  writer.Put(*MakeBlock({MakeChunk("a", 30)}), next_id, bytes);
  const std::vector<Record> good = RecordsIn(bytes);
  for (int i = 0; i < 20'000; ++i) {
    DictionaryReader reader(pool);
    std::string noise(good[random() % good.size()].payload);
    if (i % 2 == 0) {
      noise[random() % noise.size()] = static_cast<char>(random());
      noise.resize(random() % (noise.size() + 1));
    } else {
      noise.resize(random() % 50);
      for (char& byte : noise) byte = static_cast<char>(random());
    }
    (void)reader.TakeChunk(noise);
    (void)reader.TakeMetadata(noise);
    (void)reader.TakeLayout(noise);
  }
}
