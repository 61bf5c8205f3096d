#include "queue/log.h"

#include <utility>

#include "queue/log_disk_queue.h"
#include "queue/log_impl.h"
#include "queue/log_recovery.h"

namespace limpet {

Result<std::unique_ptr<Log>> Log::Open(EventLoop& loop, FileSystem& files, const Clock& clock,
                                       LogOptions options) {
  return OpenLog(loop, files, clock, std::move(options), NewDiskThread(loop));
}

Result<std::unique_ptr<Log>> OpenLog(EventLoop& loop, FileSystem& files, const Clock& clock,
                                     LogOptions options, std::unique_ptr<DiskQueue> queue) {
  for (const char* folder : {"/log", "/cursors"}) {
    auto made = files.CreateDirectories(options.directory + folder);
    if (!made) return made.error();
  }
  // Best effort: a directory that a power cut takes is made again.
  (void)files.SyncDirectory(options.directory);
  auto lock = files.Lock(options.directory + "/lock");
  if (!lock) return lock.error();
  RecoveredLog recovered = RecoverLog(files, options.directory, clock.WallMs());
  return std::unique_ptr<Log>(std::make_unique<LogImpl>(loop, files, clock, std::move(options),
                                                        std::move(*lock), std::move(queue),
                                                        std::move(recovered)));
}

}  // namespace limpet
