// What a subcommand prints, a lot of it perhaps, to whoever may stop listening.
//
// Who calls it: the subcommands; one thread.
// Operation: 64 KiB at a time to file descriptor 1. After the reader has gone (EPIPE) or the disk
// is full, ok() is false and nothing more is written.
#ifndef LIMPET_AGENT_STANDARD_OUTPUT_H_
#define LIMPET_AGENT_STANDARD_OUTPUT_H_

#include <string>
#include <string_view>

namespace limpet {

class StandardOutput {
 public:
  // From here on a reader that goes is an error of the write, not a signal that ends the process.
  StandardOutput();
  // False: there is no more use in writing.
  bool Write(std::string_view text);
  void Flush();

  bool ok() const { return errno_ == 0; }
  // 0, or the errno of a failure that is one: that the reader has gone is none.
  int failure() const;

 private:
  std::string buffer_;
  int errno_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_STANDARD_OUTPUT_H_
