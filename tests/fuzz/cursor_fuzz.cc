// A cursor's file: any bytes may be in it; what is saved over them is what is read next.
//
// Input: the first byte chooses. Even: the rest is the file as it is. Odd: the file is a good one
// to which the rest is appended.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "queue/cursor_file.h"
#include "tests/queue/memory_file_system.h"

namespace limpet {
namespace {

constexpr char kDirectory[] = "/cursors";
constexpr LogPosition kSaved{7, 1234};

void Require(bool holds) {
  if (!holds) std::abort();
}

void Run(bool good_front, std::string_view rest) {
  const std::string name = CursorFileName("receiver");
  const std::string path = std::string(kDirectory) + "/" + name;
  MemoryFileSystem files;
  Require(files.CreateDirectories(kDirectory).has_value());
  std::string front;
  if (good_front) {
    Require(CursorFile(files, kDirectory, name).Save(kSaved).has_value());
    front = files.Content(path);
  }
  files.SetContent(path, front.append(rest));
  const auto found = ReadCursor(files, path);
  Require(found.has_value());
  // What is behind a good entry can only take the cursor on, never back.
  if (good_front) Require(found->has_value() && **found >= kSaved);
  LogPosition next;
  if (*found) next = **found;
  ++next.offset;
  CursorFile file(files, kDirectory, name);
  Require(file.Save(next).has_value());
  const auto again = ReadCursor(files, path);
  Require(again.has_value() && again->has_value() && static_cast<LogPosition>(**again) == next);

  // The name of any receiver is one file in the directory, and short.
  const std::string other = CursorFileName(rest);
  Require(other.size() < 200 && other.find('/') == std::string::npos && other.front() != '.');
}

}  // namespace
}  // namespace limpet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  limpet::Run((data[0] & 1) != 0,
              std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
