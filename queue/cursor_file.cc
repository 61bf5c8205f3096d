#include "queue/cursor_file.h"

#include <xxhash.h>

#include <utility>

#include "queue/crc32c.h"
#include "queue/record_bytes.h"

namespace limpet {
namespace {

constexpr std::string_view kMagic = "limpetC1";
constexpr size_t kEntryBytes = 8 + 8 + 8 + 4;
constexpr size_t kNameBytesMax = 120;
constexpr size_t kFileBytesMax = 4 * CursorFile::kCompactBytes;

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

void AppendHex(uint64_t value, int digits, std::string& out) {
  for (int i = digits - 1; i >= 0; --i) out.push_back("0123456789ABCDEF"[value >> (4 * i) & 15]);
}

std::string Entry(LogPosition position, int64_t removed_ms) {
  std::string out;
  PutFixed64(position.segment, out);
  PutFixed64(position.offset, out);
  PutFixed64(static_cast<uint64_t>(removed_ms), out);
  PutFixed32(MaskCrc(Crc32c(out)), out);
  return out;
}

}  // namespace

std::string CursorFileName(std::string_view receiver) {
  std::string name;
  for (const char c : receiver) {
    if (IsPlain(c)) {
      name.push_back(c);
    } else {
      name.push_back('%');
      AppendHex(static_cast<uint8_t>(c), 2, name);
    }
  }
  if (name.empty()) name = "%";
  if (name.size() > kNameBytesMax) {
    name.resize(kNameBytesMax);
    name.push_back('~');
    AppendHex(XXH3_64bits(receiver.data(), receiver.size()), 16, name);
  }
  return name.append(kCursorSuffix);
}

std::optional<SavedCursor> ParseCursor(std::string_view bytes) {
  std::optional<SavedCursor> last;
  ByteReader in(bytes);
  if (in.Take(kMagic.size()) != kMagic) return last;
  while (in.rest().size() >= kEntryBytes) {
    const uint32_t crc = Crc32c(in.rest().substr(0, kEntryBytes - 4));
    SavedCursor cursor;
    cursor.segment = in.Fixed64();
    cursor.offset = in.Fixed64();
    cursor.removed_ms = static_cast<int64_t>(in.Fixed64());
    if (UnmaskCrc(in.Fixed32()) != crc) continue;
    // Cursors only move forward, so of good entries the furthest is the last.
    const LogPosition position = cursor;
    if (!last || static_cast<LogPosition>(*last) <= position) last = cursor;
  }
  return last;
}

Result<std::optional<SavedCursor>> ReadCursor(FileSystem& files, const std::string& path) {
  auto file = files.Open(path, OpenMode::kRead);
  if (!file) return file.error();
  std::string bytes(kFileBytesMax, '\0');
  auto got = (*file)->ReadAt(0, bytes);
  if (!got) return got.error();
  return ParseCursor(std::string_view(bytes).substr(0, *got));
}

CursorFile::CursorFile(FileSystem& files, std::string directory, std::string name)
    : files_(files),
      directory_(std::move(directory)),
      path_(directory_ + "/" + name),
      draft_path_(path_.substr(0, path_.size() - kCursorSuffix.size()) +
                  std::string(kCursorDraftSuffix)) {}

Result<void> CursorFile::Save(LogPosition position, int64_t removed_ms) {
  const std::string entry = Entry(position, removed_ms);
  if (file_ == nullptr || bytes_ + kEntryBytes > kCompactBytes) return WriteAnew(entry);
  auto written = file_->Append(entry);
  if (!written) {
    file_.reset();  // it may end in half an entry
    return written;
  }
  bytes_ += kEntryBytes;
  dirty_ = true;
  return {};
}

Result<void> CursorFile::WriteAnew(const std::string& entry) {
  file_.reset();
  // What an earlier attempt left; that it is not there is the rule.
  (void)files_.Remove(draft_path_);
  auto file = files_.Open(draft_path_, OpenMode::kCreateNew);
  if (!file) return file.error();
  const std::string bytes = std::string(kMagic) + entry;
  if (auto written = (*file)->Append(bytes); !written) return written;
  // Before the rename: a name must not come to stand for bytes that a power cut can take.
  if (auto synced = (*file)->Sync(); !synced) return synced;
  if (auto renamed = files_.Rename(draft_path_, path_); !renamed) return renamed;
  file_ = std::move(*file);
  bytes_ = bytes.size();
  dirty_ = false;
  return files_.SyncDirectory(directory_);
}

Result<void> CursorFile::Sync() {
  if (!dirty_ || file_ == nullptr) return {};
  dirty_ = false;
  auto synced = file_->Sync();
  if (!synced) file_.reset();
  return synced;
}

}  // namespace limpet
