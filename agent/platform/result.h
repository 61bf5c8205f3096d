// Errors as values: what every module returns where something from outside can go wrong.
//
// Who calls it: everyone. Exceptions do not cross module borders; a library that throws is wrapped
// where it is called.
// Limits: a message is for people and is logged as it is, so it never holds a secret or a whole
// body.
//
//   Result<int> Port(std::string_view text);
//   auto port = Port("80");
//   if (!port) return port.error();          // Result<T> is built from an Error or a T
//   Use(*port);
#ifndef LIMPET_AGENT_PLATFORM_RESULT_H_
#define LIMPET_AGENT_PLATFORM_RESULT_H_

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace limpet {

// A base, so that a text alone is no Error: `return text;` then means the value of a
// Result<std::string>.
struct ErrorText {
  std::string message;
};

struct Error : ErrorText {
  int code = 0;  // errno for file and socket errors, the status for HTTP ones, else 0
};

template <typename T>
using Result = boost::system::result<T, Error>;

// What Result<T>::value() throws on an error; only tests call value().
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::runtime_error(error.message);
}

// An Error from errno: "open /x: No such file or directory".
Error ErrnoError(std::string_view what, int errno_value);

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_RESULT_H_
