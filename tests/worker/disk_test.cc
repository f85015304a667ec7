// Disks through whole workers: frames in, frames out, bytes in place, files by other threads.
#include <set>

#include <gtest/gtest.h>

#include <reveille/wire/aoe.h>
#include <reveille/wire/ata.h>

#include "control/test_folder.h"
#include "disk/disk_library.h"
#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;
using wire::AoeAtaView;

constexpr std::uint64_t kSectors = 512;
constexpr std::size_t kHeaders = wire::kEthernetHeader + wire::kAoeHeader + wire::kAoeAtaArguments;

Octets ata_frame(unsigned client, wire::AtaCommand command, std::uint64_t lba, std::uint8_t sectors,
                 const Octets& data = {}) {
  Octets frame(std::max<std::size_t>(60, kHeaders + data.size()));
  std::uint8_t* at =
      wire::write_ethernet(frame.data(), kServerMac, client_mac(client), 0, wire::EtherType::aoe);
  at = wire::write_aoe_header(at, {.response = false,
                                   .error = 0,
                                   .shelf = 0,
                                   .slot = 1,
                                   .command = wire::AoeCommand::ata,
                                   .tag = client << 16 | static_cast<std::uint32_t>(lba)});
  const std::uint8_t flags = command == wire::AtaCommand::flush_cache ? 0 : AoeAtaView::kExtended;
  at = wire::write_aoe_ata(
      at, {.flags = static_cast<std::uint8_t>(flags | (data.empty() ? 0 : AoeAtaView::kWrite)),
           .feature = 0,
           .sectors = sectors,
           .command = static_cast<std::uint8_t>(command),
           .lba = lba});
  std::ranges::copy(data, at);
  return frame;
}
Octets read_frame(unsigned client, std::uint64_t lba, std::uint8_t sectors = 2) {
  return ata_frame(client, wire::AtaCommand::read_sectors_ext, lba, sectors);
}
Octets write_frame(unsigned client, std::uint64_t lba, const Octets& data) {
  return ata_frame(client, wire::AtaCommand::write_sectors_ext, lba,
                   static_cast<std::uint8_t>(data.size() / wire::kSectorSize), data);
}

class Disks : public testing::Test {
 protected:
  // Everything but the disk's file.
  void start(std::uint16_t workers, DiskMode mode = DiskMode::shared, bool overlay_files = false,
             std::uint16_t mtu = kMtuDefault) {
    // A file that is written again would be a new version of the disk.
    if (!std::filesystem::exists(folder.path("disk"))) {
      folder.write("disk", {reinterpret_cast<const char*>(image.data()), image.size()});
    }
    Site::Shape shape;
    shape.workers = workers;
    shape.wire = {.receive_queues = workers, .transmit_queues = workers, .mtu = mtu};
    site.emplace(shape, [&](Config& config) {
      DiskConfig disk;
      disk.address = DiskAddress{0, 1};
      disk.file = folder.path("disk");
      disk.mode = mode;
      if (overlay_files) {
        disk.overlay = OverlayPlace::file;
        disk.overlay_folder = folder.path();
        disk.keep = true;
      }
      config.disks = {disk};
      config.disk_limits.clients_max = 64;
      config.disk_limits.overlay_memory_max_bytes = 1 << 20;
    });
    library.emplace(site->config, workers);
    const auto loaded = library->load();
    ASSERT_TRUE(loaded) << loaded.error();
    site->disks = library->disks();
    site->start();
  }
  void TearDown() override { stop(); }
  void stop() {
    if (!site) return;
    if (site->workers) site->workers->stop();
    site->wire.discard();  // frames may point into the disk
    site.reset();
    library.reset();
  }
  // The answers to what is injected, as many as were asked for.
  std::vector<Octets> answers(const std::vector<Octets>& requests) {
    unsigned queue = 0;
    for (const Octets& request : requests) {
      site->inject(request, queue);
      queue = (queue + 1) % site->config.workers.count;
    }
    std::vector<Octets> all;
    EXPECT_TRUE(Site::await([&] {
      const auto more = site->wire.collect();
      all.insert(all.end(), more.begin(), more.end());
      return all.size() >= requests.size();
    }));
    return all;
  }
  // While its overlay's file is being opened or made a client is not answered, and asks again.
  void ask_until_answered(const Octets& request) {
    bool answered = false;
    EXPECT_TRUE(Site::await([&] {
      site->inject(request);
      answered = answered || !site->wire.collect().empty();
      return answered;
    }));
    EXPECT_TRUE(site->settle());
    site->wire.collect();
  }
  static wire::AoeAtaView registers_of(const Octets& answer) {
    return *AoeAtaView::parse(Bytes(answer).subspan(wire::kEthernetHeader + wire::kAoeHeader));
  }
  static Octets data_of(const Octets& answer) {
    return {answer.begin() + static_cast<std::ptrdiff_t>(kHeaders), answer.end()};
  }
  Octets part(std::uint64_t lba, std::size_t sectors) const {
    const auto begin = image.begin() + static_cast<std::ptrdiff_t>(lba * 512);
    return {begin, begin + static_cast<std::ptrdiff_t>(sectors * 512)};
  }

  Folder folder;
  Octets image = pattern(kSectors * 512);
  std::optional<DiskLibrary> library;
  std::optional<Site> site;
};

TEST_F(Disks, ReadsLeaveInBurstsFromTheImageItself) {
  start(1);
  std::vector<Octets> requests;
  for (std::uint64_t lba = 0; lba + 2 <= kSectors; lba += 2) requests.push_back(read_frame(1, lba));
  const auto all = answers(requests);
  ASSERT_EQ(all.size(), kSectors / 2);
  std::set<std::uint64_t> seen;
  for (const Octets& answer : all) {
    const auto ethernet = *wire::EthernetView::parse(answer);
    EXPECT_EQ(ethernet.destination(), client_mac(1));
    EXPECT_EQ(ethernet.source(), kServerMac);
    EXPECT_EQ(registers_of(answer).command(), wire::kAtaReady);
    const std::uint64_t lba = registers_of(answer).lba();
    EXPECT_EQ(data_of(answer), part(lba, 2)) << lba;
    seen.insert(lba);
  }
  EXPECT_EQ(seen.size(), kSectors / 2);
  EXPECT_TRUE(site->settle());
  EXPECT_EQ(site->count(Outcome::aoe_read), kSectors / 2);
  EXPECT_EQ(site->workers->statistics().sum().payloads_gathered, kSectors / 2);
}

TEST_F(Disks, AJumboFrameCarriesEightKibibytes) {
  constexpr std::uint8_t kMost = 16;
  constexpr std::size_t kOctets = kMost * wire::kSectorSize;
  start(1, DiskMode::shared, false, 9000);
  EXPECT_EQ(data_of(answers({read_frame(1, 5, kMost)})[0]), part(5, kMost)) << "from the image";
  EXPECT_EQ(registers_of(answers({write_frame(1, 37, Octets(kOctets, 0x42))})[0]).command(),
            wire::kAtaReady);
  Octets expected = part(29, kMost);
  std::fill(expected.begin() + 8 * wire::kSectorSize, expected.end(), std::uint8_t{0x42});
  EXPECT_EQ(data_of(answers({read_frame(1, 29, kMost)})[0]), expected) << "image and overlay";
  EXPECT_NE(answers({read_frame(1, 0, kMost + 1)})[0][wire::kEthernetHeader] & 0x04, 0)
      << "more than a frame carries";
}

TEST_F(Disks, EachWorkerServesItsOwnClients) {
  constexpr unsigned kClients = 8;
  start(2);
  std::vector<Octets> writes;
  std::vector<Octets> reads;
  for (unsigned client = 0; client < kClients; ++client) {
    writes.push_back(write_frame(client, 6, Octets(1024, static_cast<std::uint8_t>(client))));
    reads.push_back(read_frame(client, 6));
  }
  for (const Octets& answer : answers(writes)) {
    EXPECT_EQ(registers_of(answer).command(), wire::kAtaReady);
  }
  const auto all = answers(reads);
  ASSERT_EQ(all.size(), kClients);
  for (const Octets& answer : all) {
    const std::uint8_t client = answer[5];
    EXPECT_EQ(data_of(answer), Octets(1024, client)) << "nobody else's";
  }
  EXPECT_TRUE(site->settle());
  EXPECT_EQ(site->count(Outcome::aoe_written), kClients);
  const auto clients = site->workers->disk_clients();
  EXPECT_EQ(clients.size(), kClients);
}

TEST_F(Disks, PrivateWritesAreInTheFileWhenTheyAreAnswered) {
  start(1, DiskMode::exclusive);
  const Octets data(512, 0x5a);
  const auto written = answers({write_frame(3, 9, data)});
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(registers_of(written[0]).command(), wire::kAtaReady);
  std::ifstream file(folder.path("disk"), std::ios::binary);
  file.seekg(9 * 512);
  Octets found(512);
  file.read(reinterpret_cast<char*>(found.data()), 512);
  EXPECT_EQ(found, data);
  const auto more = answers({ata_frame(3, wire::AtaCommand::flush_cache, 0, 0)});
  EXPECT_EQ(registers_of(more[0]).command(), wire::kAtaReady);
  const auto read = answers({read_frame(3, 9, 1)});
  EXPECT_EQ(data_of(read[0]), data);
  const auto refused = answers({read_frame(4, 9, 1)});
  EXPECT_NE(refused[0][wire::kEthernetHeader] & 0x04, 0) << "another client";
  EXPECT_TRUE(site->settle());
  EXPECT_EQ(site->count(Outcome::aoe_private_taken), 1U);
}

// More than one turn of a worker takes in of a file's index.
TEST_F(Disks, ManyWritesInAFileAreThereAfterARestart) {
  constexpr std::uint64_t kGrains = 3000;
  constexpr std::uint64_t kSectorsOfGrain = 8;
  image = pattern(kGrains * kSectorsOfGrain * 512);
  start(1, DiskMode::shared, true);
  const Octets data(512, 0x3c);
  ask_until_answered(write_frame(1, 3, data));
  for (std::uint64_t grain = 0; grain < kGrains;) {
    std::vector<Octets> writes;
    for (; writes.size() < 64 && grain < kGrains; ++grain) {
      writes.push_back(write_frame(1, grain * kSectorsOfGrain + 3, data));
    }
    for (const Octets& answer : answers(writes)) {
      ASSERT_EQ(registers_of(answer).command(), wire::kAtaReady);
    }
  }
  ASSERT_EQ(answers({ata_frame(1, wire::AtaCommand::flush_cache, 0, 0)}).size(), 1U);
  stop();

  start(1, DiskMode::shared, true);
  ask_until_answered(read_frame(1, 0));
  for (const std::uint64_t grain : {std::uint64_t{0}, kGrains / 2, kGrains - 1}) {
    Octets expected = part(grain * kSectorsOfGrain + 2, 2);
    std::ranges::copy(data, expected.begin() + 512);
    const auto all = answers({read_frame(1, grain * kSectorsOfGrain + 2)});
    ASSERT_EQ(all.size(), 1U) << "grain " << grain;
    EXPECT_EQ(data_of(all[0]), expected) << "grain " << grain;
  }
}

TEST_F(Disks, ANewVersionLeavesRunningClientsTheirs) {
  start(1);
  EXPECT_EQ(data_of(answers({read_frame(1, 0)})[0]), part(0, 2));
  const Octets newer(kSectors * 512, 0x77);
  const Octets newer_part(1024, 0x77);
  folder.write("next", {reinterpret_cast<const char*>(newer.data()), newer.size()});
  std::filesystem::rename(folder.path("next"), folder.path("disk"));
  bool replaced = false;
  Instant now{};
  ASSERT_TRUE(Site::await([&] {
    const auto news = library->poll(now += 500ms);
    replaced = replaced || (news && !news->replaced.empty());
    return replaced;
  }));
  site->disks = library->disks();
  site->workers->publish(site->snapshot(1));
  // The worker takes a moment to see it.
  unsigned newcomer = 2;
  ASSERT_TRUE(Site::await([&] {
    return newcomer == 60 || data_of(answers({read_frame(newcomer++, 0)})[0]) == newer_part;
  }));
  EXPECT_LT(newcomer, 60U) << "who comes now gets the new one";
  EXPECT_EQ(data_of(answers({read_frame(1, 0)})[0]), part(0, 2)) << "who was there";
}

}  // namespace
}  // namespace reveille
