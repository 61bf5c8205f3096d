// Which metadata each sample of a page has.
//
// Who calls it: building layouts; the loop's thread.
// Source: Prometheus' scrape loop. A sample belongs to the family of the last TYPE, HELP or UNIT
// line if its name, after relabelling, is the family's or has one of the suffixes of the family's
// type; else nothing is known of it. A family that comes up again on the page adds to what was said
// before. The report series have metadata of their own.
#ifndef LIMPET_AGENT_SCRAPE_PAGE_METADATA_H_
#define LIMPET_AGENT_SCRAPE_PAGE_METADATA_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/scrape/metadata_tables.h"
#include "agent/scrape/page_families.h"
#include "agent/scrape/page_format.h"
#include "agent/scrape/page_gap.h"

namespace limpet {

struct ScannedMetadata {
  uint32_t line;  // of the page's gaps and samples
  MetadataLine metadata;
};

// Whether series of this name are part of a family of this name and type.
bool IsPartOfFamily(std::string_view metric, std::string_view family, MetricType type);

class PageMetadata {
 public:
  PageMetadata(const std::vector<ScannedMetadata>& scanned, PageFormat format, size_t report_series,
               MetadataTables& tables);

  // Which line of the page is read now; ascending.
  void MoveTo(uint32_t line);
  uint16_t PlaceOf(std::string_view metric) const;
  uint16_t ReportPlaceOf(size_t report_series) const { return report_places_[report_series]; }
  const std::shared_ptr<const MetadataTable>& table() const { return table_; }
  // All families of the page, wherever it is read now.
  PageFamilies Families() const { return PageFamilies(all_, table_); }

 private:
  // What holds from a line of the page on.
  struct Family {
    uint32_t line;
    std::string_view name;
    MetricType type;
    uint16_t place;
  };
  std::vector<Family> families_;
  std::vector<std::pair<std::string_view, uint16_t>> all_;  // by name, with what they end up with
  size_t next_ = 0;
  std::vector<uint16_t> report_places_;
  std::shared_ptr<const MetadataTable> table_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_PAGE_METADATA_H_
