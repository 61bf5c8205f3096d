#include "agent/log_verify.h"

#include <cinttypes>
#include <cstdio>

#include "agent/platform/timestamp.h"
#include "agent/web/json_writer.h"
#include "queue/sample_text.h"

namespace limpet {
namespace {

std::string Count(uint64_t count, std::string_view what) {
  std::string text = std::to_string(count).append(" ").append(what);
  if (count != 1 && what != "series") text.push_back('s');
  return text;
}

std::string SizeText(uint64_t bytes) {
  char text[32];
  if (bytes < 10'000) {
    std::snprintf(text, sizeof text, "%" PRIu64 " bytes", bytes);
  } else if (bytes < 10'000'000) {
    std::snprintf(text, sizeof text, "%.1f kB", static_cast<double>(bytes) / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
  }
  return text;
}

std::string AgeText(int64_t age_ms) {
  char text[48];
  if (age_ms < 0) return "in the future";
  const double seconds = static_cast<double>(age_ms) / 1e3;
  if (seconds < 120) {
    std::snprintf(text, sizeof text, "%.1f s ago", seconds);
  } else if (seconds < 7200) {
    std::snprintf(text, sizeof text, "%.0f min ago", seconds / 60);
  } else {
    std::snprintf(text, sizeof text, "%.1f h ago", seconds / 3600);
  }
  return text;
}

void AppendContents(const LogContents& contents, std::string_view indent, std::string& out) {
  if (contents.scrapes > 0) {
    out.append(indent).append(FormatTimestamp(contents.oldest_ms)).append(" to ");
    out.append(FormatTimestamp(contents.newest_ms)).append("\n");
  }
  char per_sample[48];
  std::snprintf(per_sample, sizeof per_sample, "%.2f bytes a sample", contents.BytesPerSample());
  out.append(indent).append(Count(contents.records, "record")).append(", ");
  out.append(Count(contents.scrapes, "scrape")).append(", ");
  out.append(Count(contents.samples, "sample"));
  if (contents.samples > 0) out.append(", ").append(per_sample);
  out.append("\n").append(indent).append(contents.estimated ? "about " : "");
  out.append(Count(contents.series, "series")).append(" of ");
  out.append(Count(contents.targets, "target")).append(", ");
  out.append(Count(contents.layouts, "layout")).append("\n");
  if (contents.damaged_bytes == 0 && contents.lost_samples == 0) return;
  out.append(indent).append("damaged: ").append(SizeText(contents.damaged_bytes)).append(", ");
  out.append(Count(contents.lost_samples, "sample")).append(" known to be lost\n");
}

void AppendCursor(const InspectedCursor& cursor, int64_t now_ms, std::string& out) {
  out.append("cursor of ").append(ForTerminal(cursor.receiver)).append(": ");
  if (cursor.position == LogPosition{}) {
    out.append("at the beginning\n");
  } else if (cursor.position) {
    out.append("segment ").append(std::to_string(cursor.position->segment));
    out.append(", offset ").append(std::to_string(cursor.position->offset)).append("\n");
  } else {
    out.append("cannot be read, so all of the log\n");
  }
  if (cursor.removed_ms != 0) {
    out.append("  the receiver was taken out of the configuration ");
    out.append(AgeText(now_ms - cursor.removed_ms)).append("\n");
  }
  out.append("  to be sent: ").append(SizeText(cursor.bytes_behind)).append(", ");
  out.append(Count(cursor.samples_behind, "sample"));
  if (cursor.oldest_unsent_ms != 0) {
    out.append(", the oldest of ").append(FormatTimestamp(cursor.oldest_unsent_ms)).append(" (");
    out.append(AgeText(now_ms - cursor.oldest_unsent_ms)).append(")");
  }
  out.append("\n  delivered and still there: ").append(SizeText(cursor.bytes_before)).append(", ");
  out.append(Count(cursor.samples_before, "sample")).append("\n");
  if (cursor.bytes_beyond_end == 0) return;
  out.append("  stands ").append(SizeText(cursor.bytes_beyond_end));
  out.append(" behind the end of its segment: what was delivered there is gone, nothing else\n");
}

void JsonTime(std::string_view key, int64_t time_ms, JsonWriter& json) {
  json.Key(key);
  if (time_ms == 0) {
    json.Null();
  } else {
    json.Number(time_ms);
  }
}

void JsonContents(const LogContents& contents, JsonWriter& json) {
  json.Field("bytes", contents.bytes);
  json.Field("records", contents.records);
  json.Field("scrapes", contents.scrapes);
  json.Field("samples", contents.samples);
  json.Field("lost_samples", contents.lost_samples);
  json.Field("series", contents.series);
  json.Field("targets", contents.targets);
  json.Field("layouts", contents.layouts);
  json.Key("estimated");
  json.Flag(contents.estimated);
  json.Field("bytes_per_sample", contents.BytesPerSample());
  JsonTime("oldest_ms", contents.oldest_ms, json);
  JsonTime("newest_ms", contents.newest_ms, json);
  json.Field("damaged_bytes", contents.damaged_bytes);
}

void JsonCursor(const InspectedCursor& cursor, int64_t now_ms, JsonWriter& json) {
  json.StartObject();
  json.Field("receiver", cursor.receiver);
  json.Field("file", cursor.path);
  json.Key("position");
  if (cursor.position) {
    json.StartObject();
    json.Field("segment", cursor.position->segment);
    json.Field("offset", cursor.position->offset);
    json.EndObject();
  } else {
    json.Null();
  }
  JsonTime("removed_ms", cursor.removed_ms, json);
  json.Field("bytes_before", cursor.bytes_before);
  json.Field("bytes_behind", cursor.bytes_behind);
  json.Field("samples_before", cursor.samples_before);
  json.Field("samples_behind", cursor.samples_behind);
  JsonTime("oldest_unsent_ms", cursor.oldest_unsent_ms, json);
  const bool waits = cursor.oldest_unsent_ms != 0;
  JsonTime("oldest_unsent_age_ms", waits ? now_ms - cursor.oldest_unsent_ms : 0, json);
  json.Field("bytes_beyond_end", cursor.bytes_beyond_end);
  json.EndObject();
}

void JsonDamage(const LogDamage& damage, JsonWriter& json) {
  json.StartObject();
  json.Field("kind", DamageKindName(damage.kind));
  json.Field("file", damage.file);
  json.Field("offset", damage.offset);
  json.Field("bytes", damage.bytes);
  json.Field("samples", damage.samples);
  json.Field("detail", damage.detail);
  json.EndObject();
}

}  // namespace

std::string DamageText(const LogDamage& damage) {
  std::string out = ForTerminal(damage.file).append(": offset ");
  out.append(std::to_string(damage.offset)).append(", ").append(Count(damage.bytes, "byte"));
  out.append(": ").append(DamageKindName(damage.kind)).append(": ");
  out.append(ForTerminal(damage.detail));
  if (damage.samples > 0) out.append(" (").append(Count(damage.samples, "sample")).append(")");
  return out;
}

std::string ReportText(const std::string& directory, const LogReport& report, int64_t now_ms) {
  std::string out = ForTerminal(directory).append(": ");
  out.append(report.sound() ? "sound" : "damaged in " + Count(report.damage_total, "place"));
  out.append("\n  ").append(Count(report.segments.size(), "segment")).append(", ");
  out.append(SizeText(report.total.bytes)).append("\n");
  AppendContents(report.total, "  ", out);
  for (const InspectedSegment& segment : report.segments) {
    out.append("segment ").append(std::to_string(segment.number)).append(": ");
    out.append(ForTerminal(segment.path)).append(", ");
    out.append(SizeText(segment.contents.bytes)).append("\n");
    AppendContents(segment.contents, "  ", out);
  }
  for (const InspectedCursor& cursor : report.cursors) AppendCursor(cursor, now_ms, out);
  for (const LogDamage& damage : report.damage) {
    out.append("damage: ").append(DamageText(damage)).append("\n");
  }
  if (report.damage_total > report.damage.size()) {
    out.append("damage: ").append(std::to_string(report.damage_total - report.damage.size()));
    out.append(" more\n");
  }
  for (const std::string& path : report.moved_aside) {
    out.append("moved aside: ").append(ForTerminal(path)).append("\n");
  }
  return out;
}

std::string ReportJson(const std::string& directory, const LogReport& report, int64_t now_ms) {
  std::string out;
  JsonWriter json(out);
  json.StartObject();
  json.Field("directory", directory);
  json.Key("sound");
  json.Flag(report.sound());
  json.Key("total");
  json.StartObject();
  JsonContents(report.total, json);
  json.EndObject();
  json.Key("segments");
  json.StartArray();
  for (const InspectedSegment& segment : report.segments) {
    json.StartObject();
    json.Field("number", segment.number);
    json.Field("file", segment.path);
    JsonTime("created_ms", segment.created_ms, json);
    JsonContents(segment.contents, json);
    json.EndObject();
  }
  json.EndArray();
  json.Key("cursors");
  json.StartArray();
  for (const InspectedCursor& cursor : report.cursors) JsonCursor(cursor, now_ms, json);
  json.EndArray();
  json.Key("damage");
  json.StartArray();
  for (const LogDamage& damage : report.damage) JsonDamage(damage, json);
  json.EndArray();
  json.Field("damage_total", report.damage_total);
  json.Key("moved_aside");
  json.StartArray();
  for (const std::string& path : report.moved_aside) json.Text(path);
  json.EndArray();
  json.EndObject();
  return JsonForTerminal(out).append("\n");
}

}  // namespace limpet
