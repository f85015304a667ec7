// The same read request again: a repetition, another transfer, or another image by now.
#include <gtest/gtest.h>

#include "tftp/server.h"

namespace reveille::test {
namespace {

TEST(Repetition, BeforeTheFirstAckTheFirstPacketComesAgain) {
  Server server;
  const Octets file = pattern(5000);
  server.serve("file", file);
  Client client(server);
  EXPECT_EQ(client.asks("file"), Outcome::tftp_opened);
  client.hears_data(1, 1, file);
  const std::uint16_t id = client.transfer_id();
  EXPECT_EQ(client.asks("file"), Outcome::tftp_reopened);
  client.hears_data(1, 1, file);
  EXPECT_EQ(client.transfer_id(), id);
  client.hears_nothing();
}

// A copy that the network held back arrives in the middle: nothing starts afresh.
TEST(Repetition, ALateCopyDoesNotDisturbTheTransfer) {
  Server server;
  const Octets file = pattern(512 * 20);
  server.serve("file", file);
  Client client(server);
  client.asks("file");
  for (std::uint64_t block = 1; block <= 5; ++block) {
    client.hears_data(block, block, file);
    client.acks(block);
  }
  client.hears_data(6, 6, file);
  EXPECT_EQ(client.asks("file"), Outcome::tftp_reopened);
  client.hears_data(6, 6, file);
  EXPECT_EQ(client.acks(6), Outcome::tftp_acked);
  client.hears_data(7, 7, file);
  EXPECT_EQ(server.engine->transfers(), 1U);
}

TEST(Repetition, AnotherNameOrOtherOptionsAreAnotherTransfer) {
  Server server;
  server.serve("one", pattern(5000, 1));
  server.serve("two", pattern(5000, 2));
  Client client(server);
  client.asks("one");
  client.hears_data(1, 1, pattern(5000, 1));
  const std::uint16_t first_id = client.transfer_id();
  EXPECT_EQ(client.asks("two"), Outcome::tftp_opened);
  client.hears_data(1, 1, pattern(5000, 2));
  EXPECT_NE(client.transfer_id(), first_id);
  EXPECT_EQ(server.engine->transfers(), 1U);
  EXPECT_EQ(client.asks("two", {{"blksize", "600"}}), Outcome::tftp_opened);
  client.hears_oack({{"blksize", "600"}});
  EXPECT_EQ(server.engine->transfers(), 1U);
  EXPECT_EQ(server.told(EventKind::tftp_aborted).size(), 2U);
  EXPECT_EQ(server.transfers_holding("one"), 0U);
  EXPECT_EQ(server.transfers_holding("two"), 1U);
}

// Legacy PXE always asks from port 2070: a machine that was switched off and on again looks
// like a repetition, but has been silent before.
TEST(Repetition, AMachineThatWasResetStartsAfresh) {
  Server server;
  const Octets file = pattern(512 * 20);
  server.serve("file", file);
  Client client(server);
  client.asks("file");
  client.hears_data(1, 1, file);
  client.acks(1);
  client.hears_data(2, 2, file);
  server.pass(5s);
  server.sent.clear();
  EXPECT_EQ(client.asks("file"), Outcome::tftp_opened);
  EXPECT_EQ(client.reads_on(512), file);
  EXPECT_EQ(server.engine->transfers(), 0U);
}

TEST(Repetition, ATransferGoesOnReadingTheImageThatItBeganWith) {
  Server server;
  const Octets old_file = pattern(5000, 1);
  const Octets new_file = pattern(4000, 2);
  server.serve("file", old_file);
  const Image& old_image = server.image("file");
  Client before(server, 1000);
  before.asks("file");
  before.hears_data(1, 1, old_file);
  server.serve("file", new_file);
  Client after(server, 1001);
  EXPECT_EQ(after.reads("file"), new_file);
  EXPECT_EQ(old_image.hold(0).transfers, 1U);
  EXPECT_FALSE(old_image.unread());
  before.acks(1);
  EXPECT_EQ(before.reads_on(512, 1, 2), Octets(old_file.begin() + 512, old_file.end()));
  EXPECT_TRUE(old_image.unread());
}

}  // namespace
}  // namespace reveille::test
