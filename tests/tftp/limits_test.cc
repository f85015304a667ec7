// Limits: of proof, of the table, of buffers.
#include <set>

#include <gtest/gtest.h>

#include "packet/share.h"
#include "packet/transfer_id.h"
#include "tftp/server.h"

namespace reveille::test {
namespace {

TEST(Limits, UnprovenClientsGetOnePacketAndFewMore) {
  TftpConfig config;
  config.retries_half_open = 3;
  Server server(config);
  server.serve("file", pattern(100'000));
  Client forged(server);
  forged.asks("file", {{"windowsize", "64"}, {"blksize", "1468"}});
  EXPECT_EQ(forged.waiting(), 1U);
  server.pass(60s);
  EXPECT_EQ(forged.waiting(), 4U) << "one and three retries";
  EXPECT_EQ(server.engine->transfers(), 0U);
  const auto told = server.told(EventKind::tftp_timed_out);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].bytes, 0U);
  EXPECT_EQ(told[0].text(), "file");
  EXPECT_TRUE(server.told(EventKind::tftp_first_ack).empty());
  EXPECT_EQ(server.transfers_holding("file"), 0U);
}

TEST(Limits, ForgedRequestsPushOutEachOtherAndNoRealClient) {
  TftpConfig config;
  config.half_open_max = 16;
  config.transfers_max = 64;
  Server server(config);
  const Octets file = pattern(512 * 30);
  server.serve("file", file);
  Client early(server, 1000);
  early.asks("file");
  early.hears_data(1, 1, file);
  early.acks(1);
  for (unsigned i = 0; i < 10'000; ++i) {
    Client forged(server, static_cast<std::uint16_t>(2000 + i), Ipv4Address{0x0a4d4000 + i});
    ASSERT_EQ(forged.asks("file"), Outcome::tftp_opened);
    server.sent.erase(server.sent.end() - 1);
    ASSERT_LE(server.engine->half_open(), 16U);
    if (i == 5000) {
      // One round trip is enough for a real one.
      Client late(server, 1001);
      late.asks("file");
      late.hears_data(1, 1, file);
      for (unsigned more = 0; more < 15; ++more) {
        Client(server, static_cast<std::uint16_t>(60000 + more)).asks("file");
      }
      EXPECT_EQ(late.acks(1), Outcome::tftp_acked);
      EXPECT_EQ(late.reads_on(512, 1, 2).size(), file.size() - 512);
    }
  }
  EXPECT_EQ(early.reads_on(512, 1, 2).size(), file.size() - 512);
}

TEST(Limits, AFullTableShedsAndSaysSo) {
  TftpConfig config;
  config.transfers_max = 8;
  Server server(config);
  const Octets file = pattern(512 * 30);
  server.serve("file", file);
  std::vector<Client> clients;
  for (std::uint16_t i = 0; i < 8; ++i) {
    clients.emplace_back(server, static_cast<std::uint16_t>(3000 + i));
    clients.back().asks("file");
    clients.back().hears_data(1, 1, file);
    clients.back().acks(1);
  }
  Client late(server, 4000);
  EXPECT_EQ(late.asks("file"), Outcome::tftp_table_full);
  late.hears_nothing();
  const auto refused = server.told(EventKind::tftp_refused);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].outcome, Outcome::tftp_table_full);
  for (Client& client : clients) EXPECT_EQ(client.reads_on(512, 1, 2).size(), file.size() - 512);
  EXPECT_EQ(late.asks("file"), Outcome::tftp_opened);
}

TEST(Limits, TransferIdsAreSpreadAndUnlikeForEachSeed) {
  std::set<std::uint16_t> ids[2];
  for (const std::uint64_t seed : {1, 2}) {
    Server server({}, Share{2, 3}, seed);
    server.serve("file", pattern(100));
    std::uint16_t last = 0;
    int neighbours = 0;
    for (std::uint16_t port = 1; port <= 1000; ++port) {
      Client client(server, port);
      client.asks("file");
      const std::uint16_t id = client.hears().from_port;
      ASSERT_EQ(transfer_owner(id, 3), 2U);
      ids[seed - 1].insert(id);
      if (std::abs(int{id} - int{last}) <= 3) ++neighbours;
      last = id;
    }
    EXPECT_EQ(ids[seed - 1].size(), 1000U) << "none is handed out twice";
    EXPECT_GT(*ids[seed - 1].rbegin() - *ids[seed - 1].begin(), 55'000);
    EXPECT_LT(neighbours, 5);
  }
  std::vector<std::uint16_t> both;
  std::ranges::set_intersection(ids[0], ids[1], std::back_inserter(both));
  EXPECT_LT(both.size(), 120U) << "1000 of 20 480 twice: 49 by chance";
}

TEST(Limits, WithoutReplyBuffersNothingIsLostButTime) {
  Server server;
  const Octets file = pattern(512 * 3);
  server.serve("file", file);
  Client client(server);
  server.limit_replies(0);
  EXPECT_EQ(client.asks("file"), Outcome::reply_buffers_exhausted);
  EXPECT_EQ(client.asks("missing"), Outcome::reply_buffers_exhausted);
  EXPECT_EQ(client.acks(1, 5000), Outcome::reply_buffers_exhausted);
  EXPECT_EQ(server.engine->transfers(), 0U);
  server.limit_replies(2);
  EXPECT_EQ(client.asks("file"), Outcome::tftp_opened);
  client.hears_data(1, 1, file);
  server.limit_replies(0);
  EXPECT_EQ(client.acks(1), Outcome::reply_buffers_exhausted);
  server.pass(2s);
  client.hears_nothing();
  server.limit_replies(1);
  server.pass(2s);
  client.hears_data(2, 2, file);
  server.sent.clear();
  EXPECT_EQ(client.acks(2), Outcome::tftp_acked);
  EXPECT_EQ(client.reads_on(512, 1, 3).size(), 512U);

  // A window that finds fewer buffers than it needs.
  Client wide(server, 2071);
  wide.asks("file", {{"blksize", "100"}, {"windowsize", "8"}});
  wide.hears_oack({{"blksize", "100"}, {"windowsize", "8"}});
  server.limit_replies(3);
  EXPECT_EQ(wide.acks(0), Outcome::tftp_acked);
  wide.hears_data(1, 3, file, 100);
  EXPECT_EQ(wide.acks(4), Outcome::tftp_stale_ack);
  server.limit_replies(64);
  EXPECT_EQ(wide.acks(3), Outcome::tftp_acked);
  wide.hears_data(4, 11, file, 100);
}

}  // namespace
}  // namespace reveille::test
