// What /api/v1/targets/explain says, as text for people.
//
// Who calls it: `limpet explain`; a pure function.
// The answer may be anyone's: what is missing or of another type is passed over, and nothing in it
// can steer the terminal.
#ifndef LIMPET_AGENT_EXPLAIN_TEXT_H_
#define LIMPET_AGENT_EXPLAIN_TEXT_H_

#include <string>

#include "discovery/json_object.h"

namespace limpet {

// `data` is that of the answer, see web/explain.h.
std::string ExplanationText(const JsonValue& data);

}  // namespace limpet

#endif  // LIMPET_AGENT_EXPLAIN_TEXT_H_
