// Everything about disks that may wait: two threads, one that reads and one that writes, and the
// queues between them and the workers. A worker never waits for either.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <reveille/address.h>
#include <reveille/bytes.h>

#include "disk/disk_base.h"
#include "disk/overlay_file.h"
#include "idle/doorbell.h"
#include "table/spsc_queue.h"

namespace reveille {

inline constexpr std::uint32_t kNoPlace = 0xffffffff;
// The most sectors that one request carries, whatever the MTU.
inline constexpr std::size_t kDiskSectorsMax = 16;
inline constexpr std::size_t kDiskBufferSize = kDiskSectorsMax * 512;

// A part of a request that lies in one grain.
struct DiskPiece {
  std::uint32_t grain = 0;
  std::uint32_t place = kNoPlace;  // in the overlay; kNoPlace: only the base has it
  std::uint16_t offset = 0;        // in the grain
  std::uint16_t length = 0;
  bool fresh = false;  // written for the first time: the rest of the grain comes from the base
};
inline constexpr std::size_t kPiecesMax = kDiskSectorsMax / kGrainSectors + 1;

struct DiskJob {
  enum class Kind : std::uint8_t {
    read_base,   // `length` bytes at `offset` into the buffer
    write_base,  // from the buffer
    sync_base,
    open_overlay,   // of `client`, for `use`; where there is none only `create` makes one
    read_overlay,   // the pieces, one after the other
    write_overlay,  // the pieces
    sync_overlay,
    close_overlay,
  };
  Kind kind{};
  OverlayUse use = OverlayUse::resume;
  bool create = false;
  std::uint8_t piece_count = 0;
  std::uint32_t ticket = 0;  // whose buffer; comes back in DiskDone
  const DiskBase* base = nullptr;
  OverlayFile* overlay = nullptr;
  MacAddress client;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
  std::array<DiskPiece, kPiecesMax> pieces{};
};

struct DiskDone {
  std::uint32_t ticket = 0;
  int error = 0;                   // an errno
  OverlayFile* overlay = nullptr;  // of open_overlay, if there is one; valid until close_overlay
};

// Made by control, and stopped by it after the workers and before the disks go.
class DiskIo {
 public:
  // Buffers, and so jobs under way, of one worker, as it ships.
  static constexpr std::uint32_t kTickets = 1024;

  // by_threads: two, as it ships. by_turns: none; who made it calls take_turn(), and can do the
  // same once more in the same order.
  enum class Work : bool { by_threads, by_turns };
  enum class Thread : bool { reader, writer };

  explicit DiskIo(unsigned workers, Work work = Work::by_threads, std::uint32_t tickets = kTickets);
  ~DiskIo();  // stops
  DiskIo(const DiskIo&) = delete;
  DiskIo& operator=(const DiskIo&) = delete;

  // ---- owner: the worker. At most tickets() jobs at a time, so that no queue is ever full.
  [[nodiscard]] std::uint32_t tickets() const { return tickets_; }
  [[nodiscard]] MutableBytes buffer(unsigned worker, std::uint32_t ticket) {
    return {&workers_[worker]->buffers[ticket * kDiskBufferSize], kDiskBufferSize};
  }
  void submit(unsigned worker, const DiskJob& job);
  // False when nothing is done.
  bool take(unsigned worker, DiskDone& done);

  // Does what was submitted, then ends both threads: no file is touched any more. May be called
  // again. Thread: control.
  void stop();

  // Of Work::by_turns: does the oldest job that the thread would have. False when there is none.
  bool take_turn(unsigned worker, Thread thread);

  // Sentences for the log, since the last call: overlays that could not be opened, and those that
  // were put aside. Thread: control.
  [[nodiscard]] std::vector<std::string> problems();

 private:
  struct Lane {
    explicit Lane(std::uint32_t tickets) : jobs(tickets), done(tickets) {}
    SpscQueue<DiskJob> jobs;
    SpscQueue<DiskDone> done;
  };
  struct Worker {
    // Buffers are not cleared: pages that no request needs are never taken.
    explicit Worker(std::uint32_t tickets)
        : reads(tickets), writes(tickets), buffers(new std::uint8_t[tickets * kDiskBufferSize]) {}
    Lane reads;
    Lane writes;
    std::unique_ptr<std::uint8_t[]> buffers;
  };
  static constexpr std::size_t kProblemsMax = 16;  // kept until control asks

  void serve(Lane Worker::*lane, Doorbell& doorbell);
  bool serve_one(unsigned worker, Lane& lane);
  DiskDone perform(unsigned worker, const DiskJob& job);
  int open_overlay(const DiskJob& job, OverlayFile*& overlay);
  void tell(std::string problem);
  void close_overlay(const OverlayFile* overlay);

  std::uint32_t tickets_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<OverlayFile>> overlays_;  // owner: the writer
  std::mutex problems_mutex_;
  std::vector<std::string> problems_;
  std::atomic<bool> stopping_{false};
  Doorbell reader_doorbell_;
  Doorbell writer_doorbell_;
  std::thread reader_;
  std::thread writer_;
};

}  // namespace reveille
