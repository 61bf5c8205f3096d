// "Did you mean": the known word nearest to one that is not known.
//
// Who calls it: the YAML walker; any thread.
//
//   NearestSpelling("job_nmae", {"job_name", "scheme"}) == "job_name"
#ifndef LIMPET_AGENT_CONFIG_SPELLING_H_
#define LIMPET_AGENT_CONFIG_SPELLING_H_

#include <string_view>
#include <vector>

namespace limpet {

// Empty where none is near: within two edits (insert, delete, replace, swap two neighbours; one for
// words of up to four letters), or equal but for case and the kind of dash.
std::string_view NearestSpelling(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_SPELLING_H_
