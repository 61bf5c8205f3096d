#include "queue/log_disk.h"

#include <utility>

#include "queue/log_disk_worker.h"

namespace limpet {
namespace {

constexpr Millis kCursorSaveDelay{100};

}  // namespace

LogDisk::LogDisk(EventLoop& loop, FileSystem& files, const Clock& clock, std::string directory,
                 std::unique_ptr<FileLock> lock, std::unique_ptr<DiskQueue> queue,
                 Millis sync_interval, Events events)
    : port_(std::make_shared<LoopPort>(loop)),
      worker_(std::make_shared<DiskWorker>(files, clock, std::move(directory), std::move(lock),
                                           port_, sync_interval, std::move(events))),
      queue_(std::move(queue)) {
  worker_->SetQueue(queue_.get());
}

LogDisk::~LogDisk() {
  worker_->SetQueue(nullptr);
  port_->Close();
  queue_->Close(Millis(0));
}

void LogDisk::Write(std::shared_ptr<SegmentFile> segment, uint64_t offset,
                    std::shared_ptr<const std::string> bytes) {
  WritePiece piece{std::move(segment), offset, std::move(bytes)};
  if (group_ != nullptr && group_->Add(piece)) return;
  group_ = std::make_shared<WriteGroup>(std::move(piece));
  queue_->PostLazily([w = worker_, group = group_] { w->Write(group->Take()); });
}

void LogDisk::Post(std::function<void()> function) {
  group_ = nullptr;
  queue_->Post(std::move(function));
}

void LogDisk::Adopt(std::shared_ptr<SegmentFile> segment) {
  Post([w = worker_, s = std::move(segment)] { w->Adopt(s); });
}

void LogDisk::Finish(std::shared_ptr<SegmentFile> segment) {
  Post([w = worker_, s = std::move(segment)] { w->Finish(*s); });
}

void LogDisk::Resume() {
  Post([w = worker_] { w->Resume(); });
}

void LogDisk::After(Millis delay, std::function<void()> function) {
  queue_->PostAfter(delay, [p = port_, f = std::move(function)] { p->Post(f); });
}

void LogDisk::Probe(std::function<void(bool)> function) {
  Post([w = worker_, p = port_, f = std::move(function)] {
    p->Post([f, stopped = w->stopped()] { f(stopped); });
  });
}

void LogDisk::Read(std::shared_ptr<SegmentFile> segment, uint64_t offset, size_t bytes,
                   std::function<void(Result<std::string>)> function) {
  Post([w = worker_, p = port_, s = std::move(segment), offset, bytes, f = std::move(function)] {
    auto read = std::make_shared<Result<std::string>>(w->Read(*s, offset, bytes));
    p->Post([f, read] { f(std::move(*read)); });
  });
}

void LogDisk::FindRecord(std::shared_ptr<SegmentFile> segment, uint64_t from, uint64_t end,
                         std::function<void(Result<uint64_t>)> function) {
  Post([w = worker_, p = port_, s = std::move(segment), from, end, f = std::move(function)] {
    p->Post([f, found = w->FindRecord(*s, from, end)] { f(found); });
  });
}

void LogDisk::CountAndRemove(std::shared_ptr<SegmentFile> segment, WrittenPart part,
                             std::vector<uint64_t> offsets,
                             std::function<void(std::vector<uint64_t>)> function) {
  Post([w = worker_, p = port_, s = std::move(segment), part, o = std::move(offsets),
        f = std::move(function)] {
    p->Post([f, counts = w->CountAndRemove(*s, part, o)] { f(counts); });
  });
}

void LogDisk::Remove(std::shared_ptr<SegmentFile> segment) {
  Post([w = worker_, s = std::move(segment)] { w->Remove(*s); });
}

void LogDisk::SaveCursor(const std::string& file_name, const SavedCursor& cursor) {
  if (!worker_->NoteCursor(file_name, cursor)) return;
  queue_->PostAfter(kCursorSaveDelay, [w = worker_] { w->SaveCursors(); });
}

void LogDisk::RemoveCursor(const std::string& file_name) {
  worker_->ForgetCursor(file_name);
  Post([w = worker_, file_name] { w->RemoveCursor(file_name); });
}

void LogDisk::SetSyncInterval(Millis interval) { worker_->SetSyncInterval(interval); }

bool LogDisk::Close(Millis limit) {
  Post([w = worker_] {
    w->SaveCursors();
    w->Sync();
    w->Unlock();
  });
  return queue_->Close(limit);
}

bool LogDisk::stopped() const { return worker_->stopped(); }
uint64_t LogDisk::bytes_written() const { return worker_->bytes_written(); }
Histogram LogDisk::write_seconds() const { return worker_->write_seconds(); }
int64_t LogDisk::last_write_latency_us() const { return worker_->last_write_latency_us(); }

}  // namespace limpet
