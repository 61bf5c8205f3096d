// ${NAME} in a value replaced by the environment variable's value.
//
// Who calls it: the YAML walker, where LoadOptions::expand_env is set, and for external labels.
// Only names of [A-Za-z_][A-Za-z0-9_]* in braces are variables, in external labels also without
// braces ($NAME), as in Prometheus; $$ is a $; any other $ stays. What a variable holds is not
// expanded again.
#ifndef LIMPET_AGENT_CONFIG_ENVIRONMENT_H_
#define LIMPET_AGENT_CONFIG_ENVIRONMENT_H_

#include <string>
#include <string_view>

#include "agent/platform/result.h"

namespace limpet {

enum class VariableForm { kBraced, kBracedOrBare };

// An error where a variable is not set, or where the result would be larger than `bytes_max`.
Result<std::string> ExpandEnvironment(std::string_view text, size_t bytes_max,
                                      VariableForm form = VariableForm::kBraced);

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_ENVIRONMENT_H_
