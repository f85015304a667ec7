#include "disk/disk_io.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "idle/nap.h"
#include "idle/sleeper.h"

namespace reveille {
namespace {

using Clock = std::chrono::steady_clock;

// A thread that has just had work looks again at once; then it naps, longer and longer.
constexpr auto kSpin = std::chrono::microseconds{50};

int read_base(const DiskBase& base, std::uint64_t offset, MutableBytes to) {
  if (!base.in_memory()) return base.read(offset, to);
  std::ranges::copy(base.bytes().subspan(offset, to.size()), to.begin());
  return 0;
}

int read_pieces(const DiskJob& job, MutableBytes buffer) {
  for (std::size_t i = 0; i < job.piece_count; ++i) {
    const DiskPiece& piece = job.pieces[i];
    const MutableBytes to = buffer.first(piece.length);
    const std::uint64_t offset = std::uint64_t{piece.grain} * kGrainSize + piece.offset;
    const int error = piece.place == kNoPlace ? read_base(*job.base, offset, to)
                                              : job.overlay->read(piece.place, piece.offset, to);
    if (error != 0) return error;
    buffer = buffer.subspan(piece.length);
  }
  return 0;
}

// The disk may end inside its last grain; what is behind it is never read.
int read_base_grain(const DiskBase& base, std::uint32_t grain, MutableBytes to) {
  const std::uint64_t offset = std::uint64_t{grain} * kGrainSize;
  const std::uint64_t size = base.sectors() * 512;
  const std::size_t length = std::min<std::uint64_t>(kGrainSize, size - offset);
  std::ranges::fill(to, std::uint8_t{0});
  return read_base(base, offset, to.first(length));
}

int write_pieces(const DiskJob& job, Bytes buffer) {
  for (std::size_t i = 0; i < job.piece_count; ++i) {
    const DiskPiece& piece = job.pieces[i];
    const Bytes from = buffer.first(piece.length);
    buffer = buffer.subspan(piece.length);
    if (!piece.fresh) {
      if (const int error = job.overlay->write(piece.place, piece.offset, from)) return error;
      continue;
    }
    std::array<std::uint8_t, kGrainSize> grain;
    if (const int error = read_base_grain(*job.base, piece.grain, grain)) return error;
    std::ranges::copy(from, grain.begin() + piece.offset);
    if (const int error = job.overlay->write(piece.place, 0, grain)) return error;
    if (const int error = job.overlay->enter(piece.place, piece.grain)) return error;
  }
  return 0;
}

}  // namespace

DiskIo::DiskIo(unsigned workers, Work work, std::uint32_t tickets) : tickets_(tickets) {
  for (unsigned i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>(tickets));
  if (work == Work::by_turns) return;
  reader_ = std::thread([this] { serve(&Worker::reads, reader_doorbell_); });
  writer_ = std::thread([this] { serve(&Worker::writes, writer_doorbell_); });
}

DiskIo::~DiskIo() {
  stop();
}

void DiskIo::stop() {
  stopping_.store(true);
  if (reader_.joinable()) reader_.join();
  if (writer_.joinable()) writer_.join();
}

void DiskIo::submit(unsigned worker, const DiskJob& job) {
  Worker& own = *workers_[worker];
  // Whatever touches what a client may write goes one way, so that it happens in the order of the
  // requests.
  const bool of_fixed_bytes =
      job.kind == DiskJob::Kind::read_base && job.base->config().mode != DiskMode::exclusive;
  Lane& lane = of_fixed_bytes ? own.reads : own.writes;
  [[maybe_unused]] const bool taken = lane.jobs.put(job);
  assert(taken);
  (of_fixed_bytes ? reader_doorbell_ : writer_doorbell_).ring();
}

bool DiskIo::take(unsigned worker, DiskDone& done) {
  Worker& own = *workers_[worker];
  return own.reads.done.take(done) || own.writes.done.take(done);
}

void DiskIo::serve(Lane Worker::*lane, Doorbell& doorbell) {
  Sleeper sleeper(&doorbell);
  auto last_work = Clock::now();
  for (;;) {
    const bool ending = stopping_.load();  // before the last look
    bool worked = false;
    for (unsigned i = 0; i < workers_.size(); ++i) {
      Lane& own = (*workers_[i]).*lane;
      for (std::uint32_t served = 0; served < tickets_ && serve_one(i, own); ++served) {
        worked = true;
      }
    }
    const auto now = Clock::now();
    if (worked) {
      last_work = now;
    } else if (ending) {
      return;
    } else if (const auto idle = now - last_work; idle > kSpin) {
      const Nanoseconds nap = nap_after(idle);
      if (sleeper.may_sleep(nap)) sleeper.sleep(nap);
    }
  }
}

bool DiskIo::serve_one(unsigned worker, Lane& lane) {
  DiskJob job;
  if (!lane.jobs.take(job)) return false;
  [[maybe_unused]] const bool told = lane.done.put(perform(worker, job));
  assert(told);
  return true;
}

bool DiskIo::take_turn(unsigned worker, Thread thread) {
  Worker& own = *workers_[worker];
  return serve_one(worker, thread == Thread::reader ? own.reads : own.writes);
}

DiskDone DiskIo::perform(unsigned worker, const DiskJob& job) {
  DiskDone done{.ticket = job.ticket};
  const MutableBytes bytes = buffer(worker, job.ticket);
  switch (job.kind) {
    case DiskJob::Kind::read_base:
      done.error = job.base->read(job.offset, bytes.first(job.length));
      break;
    case DiskJob::Kind::write_base:
      done.error = job.base->write(job.offset, bytes.first(job.length));
      break;
    case DiskJob::Kind::sync_base:
      done.error = job.base->sync();
      break;
    case DiskJob::Kind::open_overlay:
      done.error = open_overlay(job, done.overlay);
      break;
    case DiskJob::Kind::read_overlay:
      done.error = read_pieces(job, bytes);
      break;
    case DiskJob::Kind::write_overlay:
      done.error = write_pieces(job, bytes);
      break;
    case DiskJob::Kind::sync_overlay:
      done.error = job.overlay->sync();
      break;
    case DiskJob::Kind::close_overlay:
      close_overlay(job.overlay);
      break;
  }
  return done;
}

int DiskIo::open_overlay(const DiskJob& job, OverlayFile*& overlay) {
  const auto absent = job.create ? OverlayFile::Absent::is_made : OverlayFile::Absent::stays;
  auto opened =
      OverlayFile::open(overlay_path(job.base->config(), job.client), *job.base, job.use, absent);
  if (!opened) {
    tell(std::move(opened.error()));
    return EIO;
  }
  if (!opened->note.empty()) tell(std::move(opened->note));
  overlay = opened->file.get();
  if (overlay != nullptr) overlays_.push_back(std::move(opened->file));
  return 0;
}

void DiskIo::tell(std::string problem) {
  const std::lock_guard lock{problems_mutex_};
  if (problems_.size() < kProblemsMax) problems_.push_back(std::move(problem));
}

void DiskIo::close_overlay(const OverlayFile* overlay) {
  std::erase_if(overlays_, [overlay](const auto& one) { return one.get() == overlay; });
}

std::vector<std::string> DiskIo::problems() {
  const std::lock_guard lock{problems_mutex_};
  return std::exchange(problems_, {});
}

}  // namespace reveille
