// `limpet log verify DIR` and `limpet log dump DIR`: the options, and the exit codes that scripts
// rely on.
//
// Who calls it: main. Nothing is changed in DIR (a --storage.path) and no lock is taken, so a
// limpet may be running there. Exit codes: 0 sound, 1 damage was found, 2 it cannot be read (or an
// option makes no sense). That whoever reads the output stops reading is no failure.
//
//   LogCommand log(app);
//   CLI11_PARSE(app, argc, argv);
//   if (log.parsed()) return log.Run();
#ifndef LIMPET_AGENT_LOG_COMMAND_H_
#define LIMPET_AGENT_LOG_COMMAND_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace limpet {

class LogCommand {
 public:
  // Adds itself to the command line, which has to outlive it.
  explicit LogCommand(CLI::App& app);

  bool parsed() const;
  // The exit code.
  int Run() const;

 private:
  int Verify() const;
  int Dump() const;

  const CLI::App* verify_ = nullptr;
  const CLI::App* dump_ = nullptr;
  std::string directory_;
  std::string verify_format_ = "text";
  std::string dump_format_ = "text";
  std::optional<uint64_t> segment_;
  std::vector<std::string> matches_;
  std::string from_;
  std::string to_;
  std::optional<uint64_t> limit_;
  bool records_ = false;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_LOG_COMMAND_H_
