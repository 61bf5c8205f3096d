// `limpet log verify DIR`: what is in a log and whether it is sound, as text or as JSON.
//
// Who calls it: the command line (agent/log_command.h).
// The JSON is one object: sound, total, segments, cursors, damage, damage_total, moved_aside; times
// in milliseconds since the epoch, null where there is none.
#ifndef LIMPET_AGENT_LOG_VERIFY_H_
#define LIMPET_AGENT_LOG_VERIFY_H_

#include <cstdint>
#include <string>

#include "queue/log_inspect.h"

namespace limpet {

std::string ReportText(const std::string& directory, const LogReport& report, int64_t now_ms);
std::string ReportJson(const std::string& directory, const LogReport& report, int64_t now_ms);
// One place of damage, for people.
std::string DamageText(const LogDamage& damage);

}  // namespace limpet

#endif  // LIMPET_AGENT_LOG_VERIFY_H_
