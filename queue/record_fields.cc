#include "queue/record_fields.h"

#include <optional>

#include "queue/record_payload.h"

namespace limpet {
namespace {

void AddScrape(const Record& record, int64_t segment_created_ms, RecordFields& fields) {
  ByteReader in(record.payload);
  const std::optional<ScrapeFront> front = TakeScrapeFront(in);
  fields.well_formed = front.has_value();
  if (!front) return;
  fields.numbers = {{"stream", static_cast<int64_t>(front->stream)},
                    {"number", static_cast<int64_t>(front->number)},
                    {"time_ms", segment_created_ms + front->since_created_ms},
                    {"samples", static_cast<int64_t>(front->samples)},
                    {"flags", front->flags}};
  if ((front->flags & kScrapeIsKey) == 0) return;
  const uint64_t target = in.Varint();
  const uint64_t layout = in.Varint();
  fields.well_formed = in.ok();
  fields.numbers.emplace_back("target", static_cast<int64_t>(target));
  fields.numbers.emplace_back("layout", static_cast<int64_t>(layout));
}

}  // namespace

RecordFields FieldsOf(const Record& record, int64_t segment_created_ms) {
  RecordFields fields;
  switch (record.type) {
    case RecordType::kLayout: {
      fields.type = "layout";
      const std::optional<LayoutPayload> layout = ParseLayout(record.payload);
      fields.well_formed = layout.has_value();
      if (!layout) return fields;
      fields.numbers = {{"layout", static_cast<int64_t>(layout->id)},
                        {"chunks", static_cast<int64_t>(layout->chunks.size())},
                        {"metadata", static_cast<int64_t>(layout->table)}};
      return fields;
    }
    case RecordType::kChunk: {
      fields.type = "chunk";
      const std::optional<ChunkPayload> chunk = ParseChunk(record.payload);
      fields.well_formed = chunk.has_value();
      if (!chunk) return fields;
      fields.numbers = {{"chunk", static_cast<int64_t>(chunk->id)},
                        {"series", static_cast<int64_t>(chunk->chunk->size())}};
      return fields;
    }
    case RecordType::kMetadata: {
      fields.type = "metadata";
      const std::optional<MetadataPayload> metadata = ParseMetadata(record.payload);
      fields.well_formed = metadata.has_value();
      if (!metadata) return fields;
      fields.numbers = {{"metadata", static_cast<int64_t>(metadata->id)},
                        {"entries", static_cast<int64_t>(metadata->table->size())}};
      return fields;
    }
    case RecordType::kTarget: {
      fields.type = "target";
      std::optional<TargetPayload> target = ParseTarget(record.payload);
      fields.well_formed = target.has_value();
      if (!target) return fields;
      fields.numbers = {{"target", static_cast<int64_t>(target->id)}};
      fields.labels = std::move(target->labels);
      return fields;
    }
    case RecordType::kScrape:
      fields.type = "scrape";
      AddScrape(record, segment_created_ms, fields);
      return fields;
  }
  fields.type = "unknown";
  fields.numbers = {{"type", static_cast<int64_t>(record.type)}};
  return fields;
}

}  // namespace limpet
