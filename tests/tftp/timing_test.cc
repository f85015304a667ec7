// When blocks come again, and when the server gives up.
#include <gtest/gtest.h>

#include "tftp/server.h"

namespace reveille::test {
namespace {

// How long until the next datagram for `client`; it is taken away.
Nanoseconds until_heard(Server& server, Client& client) {
  const Instant begin = server.now();
  while (client.waiting() == 0 && server.now() - begin < 1000s) server.pass(1ms);
  if (client.waiting() > 0) server.sent.clear();
  return server.now() - begin;
}
// Timers come up at the next millisecond of the wheel, and of the test.
void expect_about(Nanoseconds actual, Nanoseconds expected) {
  EXPECT_GE(actual, expected - 1ms);
  EXPECT_LE(actual, expected + 3ms);
}

TEST(Timing, TheFirstPacketBacksOffFromTheConfiguredTimeout) {
  TftpConfig config;
  config.timeout = 1s;
  config.retries_half_open = 3;
  Server server(config);
  server.serve("file", pattern(5000));
  Client client(server);
  client.asks("file");
  server.sent.clear();
  expect_about(until_heard(server, client), 1s);
  expect_about(until_heard(server, client), 2s);
  expect_about(until_heard(server, client), 4s);
  server.pass(9s);
  client.hears_nothing();
  EXPECT_EQ(server.engine->transfers(), 0U);
}

// A LAN answers in microseconds: waiting a second for each lost block would take an hour for an
// image of 200 MiB at 5 % loss.
TEST(Timing, TheTimerFollowsTheRoundTrip) {
  Server server;
  const Octets file = pattern(512 * 200);
  server.serve("file", file);
  Client near(server, 1001);
  near.asks("file");
  near.hears_data(1, 1, file);
  for (std::uint64_t block = 1; block < 20; ++block) {
    server.pass(1ms);
    near.acks(block);
    near.hears_data(block + 1, block + 1, file);
  }
  expect_about(until_heard(server, near), 10ms);
  expect_about(until_heard(server, near), 15ms);
  expect_about(until_heard(server, near), 22ms);

  Client far(server, 1002);
  far.asks("file");
  far.hears_data(1, 1, file);
  for (std::uint64_t block = 1; block < 40; ++block) {
    server.pass(50ms);
    server.sent.clear();
    far.acks(block);
    far.hears_data(block + 1, block + 1, file);
  }
  expect_about(until_heard(server, far), 200ms);
}

TEST(Timing, AClientThatAnsweredGetsTheConfiguredPatience) {
  TftpConfig config;
  config.timeout = 1s;
  config.retries = 6;
  Server server(config);
  const Octets file = pattern(5000);
  server.serve("file", file);
  Client client(server);
  client.asks("file");
  client.hears_data(1, 1, file);
  client.acks(1);
  server.pass(30s);
  EXPECT_EQ(server.engine->transfers(), 1U);
  EXPECT_LT(client.waiting(), 20U);
  server.pass(60s);
  EXPECT_EQ(server.engine->transfers(), 0U);
  const auto told = server.told(EventKind::tftp_timed_out);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].bytes, 512U);
  // From now on it is a stranger and learns so.
  EXPECT_EQ(client.acks(2), Outcome::tftp_unknown_tid);
}

// The last ACK is lost: the last block comes again until the client, or the server, is done.
TEST(Timing, TheLastBlockComesAgainToo) {
  Server server;
  const Octets file = pattern(600);
  server.serve("file", file);
  Client client(server);
  client.asks("file");
  client.hears_data(1, 1, file);
  client.acks(1);
  client.hears_data(2, 2, file);
  server.pass(15ms);
  client.hears_data(2, 2, file);
  EXPECT_EQ(client.acks(2), Outcome::tftp_completed);
  server.pass(20s);
  client.hears_nothing();
}

// RFC 2349: the interval that the client asked for, and no other.
TEST(Timing, AnAskedTimeoutIsKept) {
  for (const int seconds : {1, 3, 255}) {
    Server server;
    const Octets file = pattern(5000);
    server.serve("file", file);
    Client client(server);
    client.asks("file", {{"timeout", std::to_string(seconds)}});
    client.hears_oack({{"timeout", std::to_string(seconds)}});
    expect_about(until_heard(server, client), std::chrono::seconds{seconds});
    client.acks(0);
    client.hears_data(1, 1, file);
    expect_about(until_heard(server, client), std::chrono::seconds{seconds});
    expect_about(until_heard(server, client), std::chrono::seconds{seconds});
    server.pass(10min);
    EXPECT_EQ(server.engine->transfers(), 0U) << "not for ever";
  }
  Server server;
  const Octets file = pattern(5000);
  server.serve("file", file);
  Client client(server);
  client.asks("file", {{"utimeout", "250000"}});
  client.hears_oack({{"utimeout", "250000"}});
  client.acks(0);
  client.hears_data(1, 1, file);
  expect_about(until_heard(server, client), 250ms);
  expect_about(until_heard(server, client), 250ms);
}

TEST(Timing, AWindowComesAgainWhole) {
  Server server;
  const Octets file = pattern(100 * 100);
  server.serve("file", file);
  Client client(server);
  client.asks("file", {{"blksize", "100"}, {"windowsize", "8"}});
  client.hears_oack({{"blksize", "100"}, {"windowsize", "8"}});
  client.acks(0);
  client.hears_data(1, 8, file, 100);
  server.pass(15ms);
  client.hears_data(1, 8, file, 100);
  client.hears_nothing();
  // RFC 7440: the next window begins after the block that was acknowledged.
  EXPECT_EQ(client.acks(8), Outcome::tftp_acked);
  client.hears_data(9, 16, file, 100);
  EXPECT_EQ(client.acks(12), Outcome::tftp_acked);
  client.hears_data(13, 20, file, 100);
}

// However many ACKs a hostile client sends, a window leaves once per spacing.
TEST(Timing, RepeatedAcksDoNotMultiplyWindows) {
  Server server;
  server.serve("file", pattern(1468 * 1000));
  Client client(server);
  client.asks("file", {{"blksize", "1468"}, {"windowsize", "64"}});
  client.hears_oack({{"blksize", "1468"}, {"windowsize", "64"}});
  client.acks(0);
  server.sent.clear();
  for (int i = 0; i < 1000; ++i) client.acks(0);
  EXPECT_EQ(server.sent.size(), 64U);
  server.sent.clear();
  for (int i = 0; i < 1000; ++i) client.acks(static_cast<std::uint64_t>(i % 60));
  EXPECT_LE(server.sent.size(), 64U);
  EXPECT_GT(server.count(Outcome::tftp_window_resent), 900U);
}

// With few reply slots at hand those that wait longest are served first, and all are served.
TEST(Timing, RetransmissionsAreFairWhenBuffersAreScarce) {
  Server server;
  const Octets file = pattern(5000);
  server.serve("file", file);
  std::vector<Client> clients;
  for (std::uint16_t i = 0; i < 100; ++i) {
    clients.emplace_back(server, static_cast<std::uint16_t>(3000 + i));
    clients.back().asks("file");
  }
  server.sent.clear();
  server.limit_replies(4);
  server.pass(1s + 27ms);
  for (Client& client : clients) EXPECT_EQ(client.waiting(), 1U);
}

// The clock may jump: a replayed capture, a machine that slept.
TEST(Timing, ALongPauseBetweenTicks) {
  Server server;
  server.serve("file", pattern(5000));
  Client client(server);
  client.asks("file");
  server.sent.clear();
  server.jump(3h);
  server.pass(1ms);
  EXPECT_EQ(client.waiting(), 1U);
  server.pass(60s);
  EXPECT_EQ(server.engine->transfers(), 0U);
}

}  // namespace
}  // namespace reveille::test
