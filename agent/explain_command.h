// `limpet explain NAMESPACE/NAME`: asks a running limpet why a pod is scraped, or not.
//
// Who calls it: main. It asks /api/v1/targets/explain at --address and prints the answer, as text
// or as it came. A name without a namespace is looked for in limpet's own. Exit codes: 0 at least
// one target of the pod is scraped; 1 none is; 2 limpet does not answer, the name is none, or an
// option makes no sense. Limits: 10 s, 64 MiB.
//
//   kubectl exec deploy/limpet -- limpet explain shop/api-1
#ifndef LIMPET_AGENT_EXPLAIN_COMMAND_H_
#define LIMPET_AGENT_EXPLAIN_COMMAND_H_

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace limpet {

class ExplainCommand {
 public:
  // Adds itself to the command line, which has to outlive it.
  explicit ExplainCommand(CLI::App& app);

  bool parsed() const;
  // The exit code.
  int Run() const;

 private:
  const CLI::App* command_ = nullptr;
  std::string pod_;
  std::string address_ = "127.0.0.1:8429";
  std::string format_ = "text";
};

}  // namespace limpet

#endif  // LIMPET_AGENT_EXPLAIN_COMMAND_H_
