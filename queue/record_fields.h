// What a record says, field by field, for people who look at a log.
//
// Who calls it: `limpet log dump --records`; any thread.
// Only what is in the record itself, nothing that needs another one.
#ifndef LIMPET_QUEUE_RECORD_FIELDS_H_
#define LIMPET_QUEUE_RECORD_FIELDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/relabel/labels.h"
#include "queue/record.h"

namespace limpet {

struct RecordFields {
  std::string_view type;  // "unknown" where the format's description does not have it
  std::vector<std::pair<std::string_view, int64_t>> numbers;
  Labels labels;            // of a target
  bool well_formed = true;  // as far as can be told from the record alone
};

RecordFields FieldsOf(const Record& record, int64_t segment_created_ms);

}  // namespace limpet

#endif  // LIMPET_QUEUE_RECORD_FIELDS_H_
