// The swarm's machines behave as firmware does: conversations with an ideal server, or with none.
#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storm/link.h"

namespace reveille::storm::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::Le;

constexpr std::size_t kUdpPayload = 42;

StormConfig of_profile(std::string_view name, std::uint32_t machines = 1) {
  StormConfig config;
  config.machines = machines;
  config.shares = {{*profile_named(name), 1}};
  config.file = "ideal";
  return config;
}

bool is_udp_to(const Octets& frame, std::uint16_t port) {
  return frame.size() > kUdpPayload && load_be16(&frame[12]) == 0x0800 &&
         load_be16(&frame[36]) == port;
}
std::uint16_t tftp_opcode(const Octets& frame) {
  return load_be16(&frame[kUdpPayload]);
}

// When frames to a UDP port left, in milliseconds.
std::vector<int> times_to(const Link& link, std::uint16_t port) {
  std::vector<int> times;
  for (const Link::Sent& sent : link.sent) {
    if (is_udp_to(sent.frame, port)) times.push_back(static_cast<int>(sent.at / 1ms));
  }
  return times;
}

class EveryProfile : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Storm, EveryProfile,
                         testing::Values("ipxe", "edk2", "grub", "pxe", "pxe512", "pxelinux",
                                         "plain"));

TEST_P(EveryProfile, BootsAndGetsEveryByte) {
  StormConfig config = of_profile(GetParam(), 5);
  config.then = {"ideal"};
  Link link(config);
  link.run_until(30s);
  EXPECT_TRUE(link.swarm->finished());
  EXPECT_EQ(link.counters().booted, 5);
  EXPECT_EQ(link.counters().failed_all(), 0);
  EXPECT_EQ(link.counters().bytes, 10 * link.bytes.size());
  EXPECT_EQ(link.counters().unverified, 0);
  EXPECT_EQ(link.counters().answered_twice, 0);
  EXPECT_EQ(link.counters().repeated_blocks, 0);
}

TEST_P(EveryProfile, BootsWhenTheFileEndsWithAFullBlock) {
  const std::size_t block = profiles()[*profile_named(GetParam())].tftp.block_size;
  Link link(of_profile(GetParam()), 16 * block);
  link.run_until(60s);
  EXPECT_EQ(link.counters().booted, 1);
  EXPECT_EQ(link.counters().blocks, 17) << "the last one is empty";
}

TEST(Storm, ABlockThatIsLongerThanAgreedIsWrong) {
  StormConfig config = of_profile("plain");
  Link link(config);
  link.tamper = [](Octets& frame) {
    const std::string agreed = "blksize";
    if (frame.size() <= kUdpPayload || tftp_opcode(frame) != 6) return;
    const auto found = std::search(frame.begin(), frame.end(), agreed.begin(), agreed.end());
    if (found == frame.end()) return;
    *(found + 8) = '1';  // of 1456 or 1468: 1156 or 1168
    *(found + 9) = '1';
    frame[40] = frame[41] = 0;  // no checksum
  };
  link.run_until(60s);
  EXPECT_EQ(link.failed(Failure::wrong_bytes), 1U);
  EXPECT_EQ(link.counters().bad_checksum, 0U);
}

// The sums of blocks are known beforehand; what is wrong with a checksum still shows, in full
// blocks and in the last one, which has an odd length here. (GRUB waits for the server to repeat
// a block, and the ideal one never does.)
TEST(Storm, DatagramsWithABadChecksumAreNone) {
  for (const char* name : {"ipxe", "edk2", "pxe", "pxelinux", "plain"}) {
    const std::size_t block = profiles()[*profile_named(name)].tftp.block_size;
    StormConfig config = of_profile(name);
    config.timeout = 20min;
    Link link(config, 3 * block + 77);
    std::uint64_t blocks = 0;
    link.tamper = [&blocks](Octets& frame) {
      const bool is_data = frame.size() > kUdpPayload + 60 && load_be16(&frame[34]) >= 10000 &&
                           tftp_opcode(frame) == 3;
      if (is_data && ++blocks % 2 == 0) frame[41] ^= 0x04;
    };
    link.run_until(20min);
    EXPECT_GE(blocks, 7U) << name;
    EXPECT_EQ(link.counters().bad_checksum, blocks / 2) << name;
    EXPECT_EQ(link.counters().bytes, link.bytes.size()) << "of those that were right, " << name;
    EXPECT_EQ(link.counters().booted, 1U) << name;
  }
}

TEST_P(EveryProfile, NamesAServerThatStopsMidway) {
  StormConfig config = of_profile(GetParam());
  config.timeout = 20min;
  Link link(config);
  int blocks = 0;
  // The 20th datagram of the transfer is the last that it hears.
  link.reaches_server = [&blocks](const Octets& frame) {
    return frame.size() <= kUdpPayload || load_be16(&frame[36]) < 10000 || ++blocks < 20;
  };
  link.run_until(20min);
  EXPECT_EQ(link.failed(Failure::stalled), 1);
}

TEST_P(EveryProfile, NamesAServerThatIsNotThere) {
  StormConfig config = of_profile(GetParam());
  config.timeout = 20min;
  Link link(config);
  link.reaches_server = [](const Octets&) { return false; };
  link.run_until(20min);
  EXPECT_EQ(link.failed(Failure::no_offer), 1);
}

TEST_P(EveryProfile, RefusesWrongBytes) {
  Link link(of_profile(GetParam()));
  link.tamper = [](Octets& frame) {
    if (is_udp_to(frame, 68) || frame.size() < 500 || load_be16(&frame[kUdpPayload + 2]) != 3) {
      return;
    }
    frame[300] ^= 1;
    store_be16(&frame[40], 0);  // no UDP checksum: only the comparison can tell
  };
  link.run_until(30s);
  EXPECT_EQ(link.failed(Failure::wrong_bytes), 1);
  EXPECT_EQ(link.counters().booted, 0);
}

// The ideal server never sends by itself, so GRUB, which never repeats an ACK, cannot be here.
TEST(Loss, EverybodyBootsThroughABadNetwork) {
  for (const char* profile : {"ipxe", "edk2", "pxelinux", "plain"}) {
    Link link(of_profile(profile, 20), 100'000,
              {.loss = 0.02, .duplicate = 0.02, .reorder = 0.02, .reorder_delay = 3ms});
    link.run_until(110s);
    EXPECT_EQ(link.counters().booted, 20) << profile;
    EXPECT_EQ(link.counters().failed_all(), 0) << profile;
    EXPECT_GT(link.counters().repeats(), 0) << profile;
  }
}

TEST(Loss, GrubWaitsForTheServerInsteadOfRepeatingAnAck) {
  Link link(of_profile("grub"));
  bool lost = false;
  link.reaches_server = [&lost](const Octets& frame) {
    if (frame.size() > 46 && load_be16(&frame[36]) > 10000 && load_be16(&frame[44]) == 5) {
      lost = true;
      return false;
    }
    return true;
  };
  link.run_until(60s);
  EXPECT_TRUE(lost);
  EXPECT_EQ(link.failed(Failure::stalled), 1);
  EXPECT_EQ(link.counters().acks.repeated, 0);
}

TEST(Timers, IpxeDiscoversAtItsTimesAndGivesUp) {
  Link link(of_profile("ipxe"));
  link.reaches_server = [](const Octets&) { return false; };
  link.run_until(60s);
  EXPECT_THAT(times_to(link, 67), ElementsAre(0, 1000, 3000, 7000));
  EXPECT_EQ(link.now - Instant{}, 15s + 1ms);
}

TEST(Timers, Edk2WaitsFourSecondsForMoreOffers) {
  Link link(of_profile("edk2"));
  link.run_until(60s);
  EXPECT_THAT(times_to(link, 67), ElementsAre(0, 4000));
  EXPECT_EQ(link.counters().booted, 1);
}

TEST(Timers, GrubTakesANewTransactionWithEachDiscover) {
  Link link(of_profile("grub"));
  link.reaches_server = [](const Octets&) { return false; };
  link.run_until(60s);
  EXPECT_THAT(times_to(link, 67), ElementsAre(0, 400, 1200, 2800, 6000));
  EXPECT_EQ(load_be32(&link.sent[0].frame[kUdpPayload + 4]), 1'700'000'000);
  EXPECT_EQ(load_be32(&link.sent[4].frame[kUdpPayload + 4]), 1'700'000'006);
}

TEST(Timers, IpxeRepeatsAnAckAfterAQuarterOfASecondAndDoubles) {
  Link link(of_profile("ipxe"));
  link.reaches_server = [](const Octets& frame) {
    return frame.size() <= 46 || load_be16(&frame[36]) < 10000;
  };
  link.run_until(60s);
  std::vector<int> acks;
  for (const Link::Sent& sent : link.sent) {
    if (load_be16(&sent.frame[12]) == 0x0800 && load_be16(&sent.frame[36]) > 10000) {
      acks.push_back(static_cast<int>(sent.at / 1ms));
    }
  }
  EXPECT_THAT(acks, ElementsAre(0, 250, 750, 1750, 3750, 7750));
  EXPECT_EQ(link.failed(Failure::stalled), 1);
}

TEST(Probe, Edk2AbortsItsFirstRequestWithError8) {
  Link link(of_profile("edk2"));
  link.run_until(60s);
  std::vector<unsigned> opcodes;
  for (const Link::Sent& sent : link.sent) {
    if (load_be16(&sent.frame[12]) == 0x0800 && !is_udp_to(sent.frame, 67)) {
      opcodes.push_back(tftp_opcode(sent.frame));
      if (opcodes.back() == 5) {
        EXPECT_EQ(load_be16(&sent.frame[44]), 8);
      }
    }
  }
  ASSERT_GE(opcodes.size(), 4);
  opcodes.resize(4);
  EXPECT_THAT(opcodes, ElementsAre(1, 5, 1, 4));  // RRQ, ERROR, RRQ, ACK
}

TEST(Relays, EachForwardsACopyAndSecondAnswersAreCounted) {
  StormConfig config = of_profile("plain", 3);
  config.relays = 2;
  config.first_relay = Ipv4Address::of(10, 77, 255, 1);
  config.server = Ipv4Address::of(10, 77, 0, 1);
  Link link(config);
  link.run_until(30s);
  EXPECT_EQ(link.counters().booted, 3);
  EXPECT_EQ(times_to(link, 67).size(), 12) << "DISCOVER and REQUEST of three, twice";
  EXPECT_EQ(link.counters().answered_twice, 6) << "the ideal server knows no copies";
}

TEST(Relays, SayThatThereIsNoServer) {
  StormConfig config = of_profile("plain");
  config.relays = 1;
  config.first_relay = Ipv4Address::of(10, 77, 255, 1);
  config.server = Ipv4Address::of(10, 77, 0, 9);
  Link link(config);
  link.run_until(30s);
  EXPECT_TRUE(link.swarm->finished());
  EXPECT_THAT(link.swarm->complaint(), testing::HasSubstr("10.77.0.9"));
}

TEST(Arrival, TimeUpFailsWhoeverHasNotBooted) {
  StormConfig config = of_profile("edk2", 10);
  config.timeout = 2s;
  Link link(config);
  link.run_until(10s);
  EXPECT_TRUE(link.swarm->finished());
  EXPECT_EQ(link.failed(Failure::out_of_time), 10);
}

TEST(Arrival, ClosedLoopKeepsSoManyUnderWay) {
  StormConfig config = of_profile("plain", 50);
  config.only = Only::dhcp;
  config.arrival = {Arrival::Kind::closed, {}, 4};
  config.duration = 1s;
  Link link(config);
  link.run_until(10s);
  EXPECT_TRUE(link.swarm->finished());
  EXPECT_GT(link.counters().leases, 1000) << "machines boot again and again";
  EXPECT_EQ(link.counters().leases, link.counters().booted);
}

TEST(Arrival, ARateGoesOnForAsLongAsIsAsked) {
  StormConfig config = of_profile("plain", 50);
  config.only = Only::dhcp;
  config.arrival = {Arrival::Kind::steady, 500ms, 0};
  config.duration = 3s;
  Link link(config);
  link.run_until(10s);
  EXPECT_TRUE(link.swarm->finished());
  EXPECT_NEAR(static_cast<double>(link.counters().powered_on), 300, 1) << "100 a second";
  EXPECT_EQ(link.counters().leases, link.counters().booted);
}

TEST(OnlyTftp, NeedsNoDhcp) {
  StormConfig config = of_profile("plain", 3);
  config.only = Only::tftp;
  config.server = Ipv4Address::of(10, 77, 0, 1);
  config.first_address = Ipv4Address::of(10, 77, 200, 1);
  Link link(config);
  link.run_until(10s);
  EXPECT_EQ(link.counters().booted, 3);
  EXPECT_EQ(link.counters().discovers.all, 0);
}

TEST(Latencies, PercentilesAreWithinASixteenth) {
  Latencies latencies;
  for (int i = 1; i <= 1000; ++i) latencies.add(std::chrono::microseconds{i});
  EXPECT_THAT(latencies.at(0.5), AllOf(Ge(500us), Le(532us)));
  EXPECT_THAT(latencies.at(0.99), AllOf(Ge(990us), Le(1053us)));
  EXPECT_EQ(Latencies{}.at(0.5), 0ns);
}

TEST(Scripts, AnIpxeScriptSaysWhatComesNext) {
  const std::string script =
      "#!ipxe\nkernel --name k vmlinuz root=x\ninitrd tftp://10.0.0.1/a/b\n"
      "chain ${next}\n";
  Files files;
  files.expect("boot.ipxe",
               Bytes{reinterpret_cast<const std::uint8_t*>(script.data()), script.size()});
  const auto& follows = files[files.number("boot.ipxe")].follows;
  ASSERT_EQ(follows.size(), 2);
  EXPECT_EQ(files[follows[1]].name, "a/b");
}

}  // namespace
}  // namespace reveille::storm::test
