#include "agent/web/collectors.h"

namespace limpet {

void CollectLog(const WebSources& sources, MetricFamilies& families) {
  const LogStats* log = sources.log();
  families.Gauge("limpet_log_open", "1 where the log is open.", log != nullptr ? 1 : 0);
  if (log == nullptr) return;
  families.Gauge("limpet_log_degraded", "1 where the disk does not take writes.",
                 log->degraded ? 1 : 0);
  families.Gauge("limpet_log_size_bytes", "Bytes of the log on disk.", log->bytes);
  families.Gauge("limpet_log_segments", "Segments of the log on disk.", log->segments);
  families.Gauge("limpet_log_samples",
                 "Samples in the log on disk; in segments of an earlier process by their size.",
                 log->samples_on_disk);
  families.Gauge("limpet_log_moved_aside_files",
                 "Files of the log that could not be read and were renamed to *.bad.",
                 log->moved_aside_files);
  families.Gauge("limpet_log_cursors",
                 "Receivers whose place in the log is kept, those just removed included.",
                 log->cursors);
  if (log->oldest_timestamp_ms != 0) {
    families.Gauge("limpet_log_oldest_timestamp_seconds", "Time of the oldest scrape kept.",
                   static_cast<double>(log->oldest_timestamp_ms) / 1000);
  }
  families.Gauge("limpet_log_last_write_duration_seconds", "What the last write took.",
                 static_cast<double>(log->last_write_latency_us) / 1e6);
  families.Counter("limpet_log_records_total", "Records appended.", log->records_total);
  families.Counter("limpet_log_samples_total", "Samples appended.", log->samples_total);
  families.Counter("limpet_log_written_bytes_total", "Bytes written.", log->bytes_written_total);
  families.Counter("limpet_log_write_errors_total", "Writes that failed.", log->write_errors_total);
  families.Counter("limpet_log_sync_errors_total", "Syncs that failed.", log->sync_errors_total);
  families.Counter("limpet_log_damaged_bytes_total",
                   "Bytes that were found damaged or torn, and skipped.", log->damaged_bytes_total);
  families.Counter("limpet_log_damaged_records_total", "Records that were found damaged.",
                   log->damaged_records_total);
  families.Counter("limpet_log_segments_dropped_total",
                   "Segments deleted before every receiver had them.", log->segments_dropped_total);
  families.Counter("limpet_log_samples_lost_total",
                   "Samples that had no place on disk nor in memory any more.",
                   log->samples_lost_total);
  AddHistogram(families.HistogramFamily("limpet_log_write_duration_seconds", "What a write took."),
               {}, log->write_seconds);
  AddHistogram(families.HistogramFamily("limpet_log_sync_duration_seconds", "What a sync took."),
               {}, log->sync_seconds);
}

}  // namespace limpet
