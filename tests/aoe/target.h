// An AoE engine on a virtual clock with disks made by the test: packets in, checked frames out.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <reveille/wire/aoe.h>
#include <reveille/wire/ata.h>

#include "aoe/engine.h"
#include "disk/disk_library.h"
#include "packet/booting_clients.h"
#include "packet/snapshot.h"

namespace reveille::test {

using Octets = std::vector<std::uint8_t>;

inline Octets pattern(std::size_t size, std::uint32_t seed = 1) {
  Octets bytes(size);
  std::uint32_t state = seed * 2654435761U + 1;
  for (std::uint8_t& octet : bytes) {
    state = state * 1664525U + 1013904223U;
    octet = static_cast<std::uint8_t>(state >> 24);
  }
  return bytes;
}

// A frame from the target, taken apart.
struct Answer {
  MacAddress to;
  std::uint16_t vlan = 0;
  Octets packet;          // the AoE header onward
  bool in_place = false;  // the data is the image's own bytes

  [[nodiscard]] wire::AoeView aoe() const { return *wire::AoeView::parse(packet); }
  [[nodiscard]] wire::AoeAtaView ata() const {
    return *wire::AoeAtaView::parse(Bytes(packet).subspan(wire::kAoeHeader));
  }
  [[nodiscard]] Octets data() const { return {packet.begin() + 22, packet.end()}; }
  [[nodiscard]] std::uint8_t status() const { return ata().command(); }
  [[nodiscard]] std::uint8_t error() const { return ata().feature(); }
};

// A folder of disk files that goes with the test.
class DiskFolder {
 public:
  DiskFolder();
  ~DiskFolder();
  DiskFolder(const DiskFolder&) = delete;
  DiskFolder& operator=(const DiskFolder&) = delete;

  // Atomically, as who publishes a version does; returns the path.
  std::string write(const std::string& name, const Octets& bytes) const;
  [[nodiscard]] Octets read(const std::string& name) const;
  [[nodiscard]] std::string path(const std::string& name = {}) const;

 private:
  std::filesystem::path folder_;
};

class Target {
 public:
  static constexpr MacAddress kMac{{0x02, 0, 0, 0, 0, 0x01}};

  explicit Target(Config config);
  ~Target();

  // One packet; answers are appended to `sent`.
  Outcome receive(const MacAddress& client, Bytes packet, std::uint16_t station = 0);
  // Time passes, with ticks; what DiskIo does meanwhile is waited for.
  void pass(Nanoseconds time);
  // Until the threads of DiskIo have answered everything. Answers are appended.
  void settle();
  // What control does each second, until a new version was published or two seconds are over.
  bool publish_new_versions();
  // What a reload does.
  void allow(const std::vector<DiskConfig>& disks) {
    library->allow(disks);
    snapshot.disks = library->disks();
    published_.push_back(snapshot.disks);
  }
  // The machine's firmware asks for an address.
  void power_on(const MacAddress& client) { booting.saw(client, now_); }

  [[nodiscard]] std::vector<Event> told(EventKind kind) const;
  [[nodiscard]] const Image& image(std::size_t disk = 0) const {
    return *library->disks()->all[disk].image;
  }
  // Of the newest version, by sessions of this engine.
  [[nodiscard]] unsigned holders(std::size_t disk = 0) const {
    return image(disk).hold(0).transfers;
  }
  void limit_replies(std::size_t count) { replies_at_hand_ = count; }
  [[nodiscard]] Instant now() const { return now_; }

  std::unique_ptr<DiskLibrary> library;
  BootingClients booting{64, 5};
  Snapshot snapshot;
  std::deque<Answer> sent;
  std::vector<Event> events;
  OutcomeCounts outcomes;
  std::unique_ptr<AoeEngine> engine;

 private:
  template <class Call>
  auto call(Call&& engine_call);

  Instant now_ = Instant{} + 1000s;
  std::size_t replies_at_hand_ = 2 * kRepliesPerRequest;
  std::vector<Octets> heads_;
  std::vector<Reply> slots_;
  std::vector<Event> event_room_ = std::vector<Event>(64);
  std::vector<std::shared_ptr<const Disks>> published_;
  LinkState links_;
};

// A machine that uses one disk.
class Machine {
 public:
  Machine(Target& target, unsigned number, DiskAddress disk = {0, 1})
      : mac{{0x52, 0x54, 0, 0, 0, static_cast<std::uint8_t>(number)}},
        target_(target),
        disk_(disk) {}

  Outcome asks(wire::AoeCommand command, const Octets& arguments, std::uint8_t version = 1);
  Outcome ata(std::uint8_t command, std::uint64_t lba = 0, std::uint8_t sectors = 0,
              const Octets& data = {}, std::uint8_t flags = 0, std::uint8_t feature = 0);
  Outcome queries(bool everywhere = false,
                  wire::AoeConfigView::Operation operation = wire::AoeConfigView::Operation::read,
                  const std::string& string = {});
  // As iPXE does before it opens its disk.
  Outcome queries_as_ipxe() {
    next_tag_ = 0x18ae0000;
    return queries();
  }
  Outcome identifies() { return ata(0xec, 0, 1); }
  Outcome reads(std::uint64_t lba, std::uint8_t sectors = 1) {
    return ata(0x24, lba, sectors, {}, wire::AoeAtaView::kExtended);
  }
  Outcome writes(std::uint64_t lba, const Octets& data) {
    return ata(0x34, lba, static_cast<std::uint8_t>(data.size() / 512), data,
               wire::AoeAtaView::kExtended | wire::AoeAtaView::kWrite);
  }
  Outcome flushes() { return ata(0xe7); }

  // The oldest answer for this machine; fails the test if there is none. Its addresses and the
  // tag of the request are checked.
  Answer hears();
  void hears_nothing();
  // Reads, waits and checks that all is well.
  Octets holds(std::uint64_t lba, std::uint8_t sectors = 1);
  // Writes, waits and checks that all is well.
  void stores(std::uint64_t lba, const Octets& data);

  MacAddress mac;
  std::uint16_t station = 0;

 private:
  Target& target_;
  DiskAddress disk_;
  std::uint32_t tag_ = 0x80000000;
  std::optional<std::uint32_t> next_tag_;  // of one request
};

// One shared disk of that file, in memory, overlays too.
inline DiskConfig shared_disk(const std::string& file) {
  DiskConfig disk;
  disk.address = DiskAddress{0, 1};
  disk.file = file;
  return disk;
}
inline Config config_of(std::vector<DiskConfig> disks) {
  Config config;
  config.disks = std::move(disks);
  config.disk_limits.clients_max = 8;
  config.disk_limits.memory_max_bytes = std::uint64_t{64} << 20;
  config.disk_limits.overlay_memory_max_bytes = 64 * 4096;
  config.disk_limits.overlay_file_max_bytes = 64 * 4096;
  return config;
}

}  // namespace reveille::test
