// The clients of one worker, each with the disk that it uses.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <reveille/address.h>
#include <reveille/config.h>
#include <reveille/instant.h>

#include "disk/disks.h"
#include "packet/mac_number.h"
#include "table/huge_vector.h"
#include "table/index_lists.h"
#include "table/index_table.h"
#include "table/mix.h"

namespace reveille {

// One client and one disk. A session begins with the first ATA command.
struct Session {
  enum class State : std::uint8_t {
    ready,
    opening,    // its overlay file is being opened, or the index of that is being taken in
    releasing,  // its grains are being let go of; then it is opened anew
    closing,    // the same; then the session ends, and the file stays
  };

  // Hot first.
  std::uint64_t key = 0;  // SessionTable's; the address's slot is no part of it
  MacAddress client;
  DiskAddress address;
  State state = State::ready;
  bool failed = false;  // something could not be written: nothing of it is trusted
  DiskMode mode = DiskMode::shared;
  bool proven = false;                  // SessionTable's: its client has read or written
  const std::uint8_t* bytes = nullptr;  // of the base, if it is in memory
  std::uint64_t sectors = 0;
  std::uint32_t grain_count = 0;
  std::uint32_t grain_chain = kNoIndex;
  const Image* image = nullptr;
  DiskState* shared = nullptr;

  const DiskBase* base = nullptr;
  OverlayFile* overlay = nullptr;
  std::size_t taken_in = 0;  // of overlay->grains()
  std::uint32_t grains_max = 0;
  std::uint32_t places_used = 0;  // of the overlay file
  std::uint32_t jobs = 0;         // that DiskIo has not answered
  std::uint32_t sync = kNoIndex;  // ticket of the last flush, if nothing was written after it
  bool overlay_full_told = false;
  OverlayUse use = OverlayUse::resume;  // what its overlay file is opened for
  Instant heard{};
  Instant booted{};

  [[nodiscard]] bool overlay_in_file() const {
    return base != nullptr && mode == DiskMode::shared &&
           base->config().overlay == OverlayPlace::file;
  }
};

// One number for a client and a disk, different with all likelihood.
[[nodiscard]] inline std::uint64_t disk_key(const MacAddress& client, DiskAddress address) {
  const std::uint64_t disk = std::uint64_t{address.shelf} << 8 | address.slot;
  return client.number() ^ mix(disk);
}

// What control may read of a session at any time; only the worker writes it.
struct SessionFigures {
  std::atomic<std::uint64_t> client{0};  // MacAddress::number; 0: none
  std::atomic<std::uint32_t> disk{0};    // shelf << 8 | slot
  std::atomic<std::uint32_t> grains{0};
  std::atomic<std::uint64_t> reads{0};
  std::atomic<std::uint64_t> writes{0};
};

// Bookkeeping only: what a session does is the engine's. Owner: one worker. All memory is taken
// at construction.
class SessionTable {
 public:
  SessionTable(std::size_t capacity, std::uint64_t seed);

  // `place`: where it may be; any number will do.
  [[nodiscard]] std::uint32_t find(const MacAddress& client, DiskAddress address,
                                   std::uint32_t place = kNoIndex) const {
    const std::uint64_t key = key_of(client, address);
    const auto is_at = [&](std::uint32_t index) {
      return sessions_[index].key == key && sessions_[index].address.slot == address.slot;
    };
    if (place < sessions_.size() && is_at(place)) return place;
    return table_.find(hash(key, address), is_at);
  }
  // Start the memory accesses of a later find() and of what follows it, in two steps: what the
  // first yields is for the second, and what that yields is the place where it may be.
  [[nodiscard]] std::uint32_t prefetch(const MacAddress& client, DiskAddress address) const {
    const std::uint64_t hash_of_it = hash(key_of(client, address), address);
    table_.prefetch(hash_of_it);
    return static_cast<std::uint32_t>(hash_of_it);
  }
  [[nodiscard]] std::uint32_t prefetch_session(std::uint32_t prefetched) const {
    const std::uint32_t place = table_.guess(prefetched);
    if (place == kNoIndex) return place;
    const Session& session = sessions_[place];
    __builtin_prefetch(&session, 1);
    __builtin_prefetch(&session.heard, 1);
    __builtin_prefetch(&figures_[place], 1);
    return place;
  }

  [[nodiscard]] Session& operator[](std::uint32_t index) { return sessions_[index]; }
  [[nodiscard]] const Session& operator[](std::uint32_t index) const { return sessions_[index]; }
  [[nodiscard]] SessionFigures& figures(std::uint32_t index) { return figures_[index]; }
  [[nodiscard]] std::size_t capacity() const { return sessions_.size(); }
  [[nodiscard]] std::size_t open() const { return open_; }

  // A cleared session for a client that has none there, or kNoIndex when all are taken.
  std::uint32_t begin(const MacAddress& client, DiskAddress address);
  // The client has read or written for the first time: it is no mere visitor.
  void prove(std::uint32_t index);
  // The session is in use now. Need not be told of every request: the order is as exact as it is.
  void touch(std::uint32_t index);
  // Who should make room: the visitor that was not heard of for longest, else the client.
  [[nodiscard]] std::uint32_t oldest_visitor() const { return lists_.front(kVisitors); }
  [[nodiscard]] std::uint32_t oldest_client() const { return lists_.front(kClients); }
  void end(std::uint32_t index);

 private:
  static constexpr std::size_t kVisitors = 0;
  static constexpr std::size_t kClients = 1;
  static constexpr std::size_t kFree = 2;

  // Of a session that has ended: no client has the broadcast address.
  static constexpr std::uint64_t kNoKey = ~std::uint64_t{0};

  // Client and shelf as one number.
  [[nodiscard]] static std::uint64_t key_of(const MacAddress& client, DiskAddress address) {
    return raw_number(client) << 16 | address.shelf;
  }
  [[nodiscard]] std::uint64_t hash(std::uint64_t key, DiskAddress address) const {
    return mix((key ^ seed_) + address.slot);
  }

  std::uint64_t seed_;
  HugeVector<Session> sessions_;
  std::unique_ptr<SessionFigures[]> figures_;
  IndexTable table_;
  IndexLists lists_;  // each in the order in which they were heard of
  std::size_t open_ = 0;
};

}  // namespace reveille
