#include "control/log/log_clients.h"

#include <gtest/gtest.h>

#include "log_events.h"

namespace reveille {
namespace {

using test::at;
using test::dhcp;
using test::kClient;
using test::tftp;
using Kind = LogClients::Remark::Kind;

TEST(LogClients, KnowsWhoReadsThroughARouter) {
  LogClients clients{{}};
  const Event unknown = clients.completed(tftp(EventKind::tftp_opened));
  EXPECT_TRUE(unknown.client.is_zero());
  clients.admit(dhcp(EventKind::dhcp_acked));
  const Event known = clients.completed(tftp(EventKind::tftp_opened));
  EXPECT_EQ(known.client, kClient);
  EXPECT_EQ(known.firmware, Firmware::uefi_pxe);
  EXPECT_EQ(known.architecture, 7);
}

TEST(LogClients, TheLatestStageOfAMachineCounts) {
  LogClients clients{{}};
  clients.admit(dhcp(EventKind::dhcp_acked));
  Event ipxe = dhcp(EventKind::dhcp_acked, 1s, "boot.ipxe");
  ipxe.firmware = Firmware::ipxe;
  clients.admit(ipxe);
  EXPECT_EQ(clients.completed(tftp(EventKind::tftp_opened)).firmware, Firmware::ipxe);
}

TEST(LogClients, LimitsTheLinesOfAClientAndSaysHowManyAreMissing) {
  LogClients clients{{.lines_per_client_per_minute = 3}};
  int lines = 0;
  for (int i = 0; i < 10; ++i) {
    lines += clients.admit(dhcp(EventKind::dhcp_offered, i * 1s)) ? 1 : 0;
  }
  EXPECT_EQ(lines, 3);
  EXPECT_TRUE(clients.remarks(at(10s)).empty());
  Event other = dhcp(EventKind::dhcp_released, 10s);
  other.client.octets[5] = 1;
  EXPECT_TRUE(clients.admit(other)) << "the limit is for each client";

  EXPECT_TRUE(clients.admit(dhcp(EventKind::dhcp_acked, 61s))) << "a new minute";
  const auto remarks = clients.remarks(at(61s));
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_EQ(remarks[0].kind, Kind::lines_left_out);
  EXPECT_EQ(remarks[0].count, 7U);
  EXPECT_EQ(remarks[0].last.client, kClient);
}

TEST(LogClients, SaysWhatIsMissingEvenIfTheClientIsHeardNoMore) {
  LogClients clients{{.lines_per_client_per_minute = 1}};
  clients.admit(tftp(EventKind::tftp_not_found));
  clients.admit(tftp(EventKind::tftp_not_found));
  EXPECT_TRUE(clients.remarks(at(59s)).empty());
  EXPECT_EQ(clients.remarks(at(60s)).size(), 1U);
  EXPECT_TRUE(clients.remarks(at(120s)).empty());
  clients.admit(tftp(EventKind::tftp_not_found, 130s));
  clients.admit(tftp(EventKind::tftp_not_found, 130s));
  EXPECT_EQ(clients.last_remarks(at(131s)).size(), 1U);
}

TEST(LogClients, SaysOnceAMinuteThatThereIsNoRouter) {
  LogClients clients{{.lines_per_client_per_minute = 3}};
  const auto told = [](Nanoseconds when) { return dhcp(EventKind::router_advertised, when); };
  EXPECT_TRUE(clients.admit(told(0s)));
  EXPECT_FALSE(clients.admit(told(1s)));
  EXPECT_TRUE(clients.admit(dhcp(EventKind::dhcp_offered, 2s)));
  EXPECT_FALSE(clients.admit(told(3s)));
  EXPECT_TRUE(clients.admit(dhcp(EventKind::dhcp_acked, 4s))) << "repetitions take no line away";
  EXPECT_TRUE(clients.admit(told(61s)));
}

TEST(LogClients, NoLimitMeansNoLimit) {
  LogClients clients{{.lines_per_client_per_minute = 0}};
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(clients.admit(dhcp(EventKind::dhcp_offered)));
}

TEST(LogClients, RemembersABoundedNumberAndLimitsTheRestTogether) {
  LogClients clients{{.lines_per_client_per_minute = 2, .clients_max = 100}};
  int lines = 0;
  for (int i = 0; i < 1000; ++i) {
    Event each = dhcp(EventKind::dhcp_offered);
    each.client.octets[4] = static_cast<std::uint8_t>(i >> 8);
    each.client.octets[5] = static_cast<std::uint8_t>(i);
    lines += clients.admit(each) ? 1 : 0;
  }
  EXPECT_EQ(clients.size(), 101U);
  EXPECT_EQ(lines, 102);
  const auto remarks = clients.remarks(at(60s));
  std::uint32_t left_out = 0;
  for (const auto& remark : remarks) {
    if (remark.kind == Kind::lines_left_out) left_out += remark.count;
  }
  EXPECT_EQ(left_out, 898U);
}

TEST(LogClients, ForgetsClientsThatAreSilent) {
  LogClients clients{{}};
  clients.admit(dhcp(EventKind::dhcp_acked));
  (void)clients.remarks(at(9min));
  EXPECT_EQ(clients.size(), 1U);
  (void)clients.remarks(at(11min));
  EXPECT_EQ(clients.size(), 0U);
  EXPECT_TRUE(clients.completed(tftp(EventKind::tftp_opened)).client.is_zero());
}

TEST(LogClients, AMachineThatTakesNoOfferIsStuck) {
  LogClients clients{{}};
  for (const auto time : {0s, 4s, 12s}) clients.admit(dhcp(EventKind::dhcp_offered, time));
  EXPECT_TRUE(clients.remarks(at(19s)).empty());
  const auto remarks = clients.remarks(at(20s));
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_EQ(remarks[0].kind, Kind::stuck);
  EXPECT_EQ(remarks[0].count, 3U);
  EXPECT_EQ(remarks[0].last.kind, EventKind::dhcp_offered);
  clients.admit(dhcp(EventKind::dhcp_offered, 28s));
  EXPECT_TRUE(clients.remarks(at(60s)).empty()) << "once is enough";
}

TEST(LogClients, AMachineThatNeverAsksForItsFileIsStuck) {
  LogClients clients{{}};
  clients.admit(dhcp(EventKind::dhcp_offered));
  clients.admit(dhcp(EventKind::dhcp_acked, 1s));
  const auto remarks = clients.remarks(at(31s));
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_EQ(remarks[0].last.kind, EventKind::dhcp_acked);
}

TEST(LogClients, AMachineThatGoesOnIsNotStuck) {
  LogClients clients{{}};
  clients.admit(dhcp(EventKind::dhcp_offered));
  clients.admit(dhcp(EventKind::dhcp_acked, 1s));
  Event copy = dhcp(EventKind::dhcp_relay_copy, 2s);
  clients.admit(copy);
  clients.admit(clients.completed(tftp(EventKind::tftp_opened, 3s)));
  EXPECT_TRUE(clients.remarks(at(5min)).empty());
}

TEST(LogClients, MachinesWithoutANextStepAreNotStuck) {
  LogClients clients{{}};
  Event system = dhcp(EventKind::dhcp_acked, 0s, "");
  system.firmware = Firmware::other;
  clients.admit(system);
  Event url = dhcp(EventKind::dhcp_acked, 0s, "http://10.77.0.1/boot.ipxe");
  url.client.octets[5] = 1;
  clients.admit(url);
  Event relayed = dhcp(EventKind::proxy_offered);
  relayed.client.octets[5] = 2;
  relayed.relay = Ipv4Address::of(10, 0, 0, 2);
  clients.admit(relayed);
  EXPECT_TRUE(clients.remarks(at(5min)).empty());
}

}  // namespace
}  // namespace reveille
