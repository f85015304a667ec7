// Traces of reads: what a file of them may hold, and machines that replay one.
#include "storm/disk_trace.h"

#include <gtest/gtest.h>

#include "storm/disk_target.h"

namespace reveille::storm::test {
namespace {

constexpr std::uint64_t kSectors = 4096;

std::string error_of(std::string_view text) {
  const auto trace = parse_disk_trace(text, "boot.trace", kSectors);
  return trace ? "none" : trace.error();
}

TEST(DiskTrace, ReadsInTheirOrder) {
  const auto trace = parse_disk_trace(
      "# how it was recorded\n"
      "\n"
      "  8 2\n"
      "4094\t2   # the end of the disk\r\n"
      "0 4096",
      "boot.trace", kSectors);
  ASSERT_TRUE(trace) << trace.error();
  ASSERT_EQ(trace->size(), 3U);
  EXPECT_EQ((*trace)[0].lba, 8U);
  EXPECT_EQ((*trace)[0].sectors, 2U);
  EXPECT_EQ((*trace)[1].lba, 4094U);
  EXPECT_EQ((*trace)[2].sectors, 4096U);
}

TEST(DiskTrace, SlipsAreSaidWithTheirLine) {
  const std::string form = "is not as LBA SECTORS, two decimal numbers";
  for (const char* line :
       {"8", "8 2 2", "8,2", "-8 2", "+8 2", "8 0x2", "8 2.0", "a b", "18446744073709551616 1"}) {
    EXPECT_EQ(error_of("0 1\n" + std::string(line) + "\n"), "boot.trace:2: " + form) << line;
  }
  EXPECT_EQ(error_of(std::string_view("0 1\n8 2\0 \n", 10)), "boot.trace:2: " + form);
  EXPECT_EQ(error_of("#\n\n0 0"), "boot.trace:3: a read has 1 to 65536 sectors");
  EXPECT_EQ(error_of("0 65537"), "boot.trace:1: a read has 1 to 65536 sectors");
  const std::string beyond = "boot.trace:1: reads beyond the disk, which has 4096 sectors";
  EXPECT_EQ(error_of("4095 2"), beyond);
  EXPECT_EQ(error_of("4096 1"), beyond);
  EXPECT_EQ(error_of("18446744073709551615 2"), beyond);
}

TEST(DiskTrace, WithoutAnyReadItIsNone) {
  EXPECT_EQ(error_of(""), "boot.trace: has no read");
  EXPECT_EQ(error_of("# nothing\n\n"), "boot.trace: has no read");
  EXPECT_EQ(read_disk_trace("/nonexistent/boot.trace", kSectors).error(),
            "/nonexistent/boot.trace cannot be read");
  EXPECT_EQ(read_disk_trace("/", kSectors).error(), "/ cannot be read");
}

TEST(DiskTrace, HasALimit) {
  std::string text;
  for (std::size_t i = 0; i <= kTraceReadsMax; ++i) text += "0 1\n";
  EXPECT_EQ(error_of(text), "boot.trace:1000001: a trace has at most 1000000 reads");
}

// Each machine reads all of it, in order, in pieces that a frame carries, and then once more.
TEST(DiskTrace, EveryMachineReplaysIt) {
  DiskStormConfig config;
  config.machines = 3;
  config.depth = 1;
  config.duration = 10ms;
  config.order = Order::trace;
  config.trace = {{100, 5}, {7, 1}, {4000, 2}};
  DiskLink link(config);
  link.run();
  EXPECT_EQ(link.counters().wrong, 0U);
  std::map<MacAddress, std::vector<std::pair<std::uint64_t, unsigned>>> asked;
  for (const Octets& frame : link.sent) {
    const auto ethernet = *wire::EthernetView::parse(frame);
    const auto packet = *wire::AoeView::parse(ethernet.payload());
    if (packet.command() != wire::AoeCommand::ata) continue;
    const auto ata = *wire::AoeAtaView::parse(packet.arguments());
    if (ata.command() != static_cast<std::uint8_t>(wire::AtaCommand::read_sectors_ext)) continue;
    asked[ethernet.source()].emplace_back(ata.lba(), ata.sectors());
  }
  const std::vector<std::pair<std::uint64_t, unsigned>> once = {
      {100, 2}, {102, 2}, {104, 1}, {7, 1}, {4000, 2}};
  ASSERT_EQ(asked.size(), 3U);
  std::uint64_t replays = 0;
  for (const auto& [mac, reads] : asked) {
    ASSERT_GT(reads.size(), 2 * once.size());
    for (std::size_t i = 0; i < reads.size(); ++i) EXPECT_EQ(reads[i], once[i % once.size()]);
    replays += reads.size() / once.size();
  }
  EXPECT_NEAR(static_cast<double>(link.counters().replays), static_cast<double>(replays), 3);
}

}  // namespace
}  // namespace reveille::storm::test
