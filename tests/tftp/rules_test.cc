// What the RFCs want of a server, sentence by sentence, and what a hostile network sends.
#include <set>

#include <gtest/gtest.h>

#include "packet/share.h"
#include "packet/transfer_id.h"
#include "tftp/server.h"

namespace reveille::test {
namespace {

using wire::TftpError;

// RFC 1350 section 6: a transfer ends in a block of less than full size, if need be an empty one.
TEST(Rules, TheLastBlockIsShort) {
  for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 1024U, 1536U}) {
    Server server;
    const Octets file = pattern(size);
    server.serve("file", file);
    Client client(server);
    EXPECT_EQ(client.asks("file"), Outcome::tftp_opened);
    EXPECT_EQ(client.reads_on(512), file);
    EXPECT_EQ(server.told(EventKind::tftp_completed).size(), 1U);
    EXPECT_EQ(server.count(Outcome::tftp_acked), size / 512) << "one ACK each, the last apart";
  }
}

TEST(Rules, NamesAreFoundAsClientsWriteThem) {
  Server server;
  const Octets file = pattern(100);
  server.serve("boot/x64/wdsnbp.com", file);
  for (const char* name : {"boot/x64/wdsnbp.com", "\\boot\\x64\\wdsnbp.com", "/boot/x64/wdsnbp.com",
                           "./boot//x64/wdsnbp.com"}) {
    Client client(server);
    EXPECT_EQ(client.reads(name), file) << name;
  }
}

TEST(Rules, AnUnknownFileIsError1) {
  Server server;
  server.serve("file", pattern(100));
  Client client(server);
  for (const char* name : {"missing", "../file", "", "file/", "/etc/passwd", "C:\\file"}) {
    EXPECT_EQ(client.asks(name), Outcome::tftp_file_not_found) << name;
    client.hears_error(TftpError::file_not_found);
  }
  EXPECT_EQ(client.asks(std::string(1000, 'x')), Outcome::tftp_file_not_found);
  const auto told = server.told(EventKind::tftp_not_found);
  ASSERT_EQ(told.size(), 7U);
  EXPECT_EQ(told[0].text(), "missing");
  EXPECT_EQ(told[0].client, client.mac);
  EXPECT_EQ(server.engine->transfers(), 0U);
}

TEST(Rules, AnErrorToARequestComesFromATransferIdOfItsOwn) {
  Server server({}, Share{1, 4});
  Client client(server);
  client.asks("missing");
  const Datagram error = client.hears();
  EXPECT_TRUE(is_transfer_id(error.from_port));
  EXPECT_EQ(transfer_owner(error.from_port, 4), 1U);
}

TEST(Rules, WritingIsError2) {
  Server server;
  server.serve("file", pattern(100));
  Client client(server);
  Octets packet(100);
  packet.resize(wire::write_tftp_write_request(packet, "file", "octet", {}));
  EXPECT_EQ(client.says(packet, 69), Outcome::tftp_write_refused);
  client.hears_error(TftpError::access_violation);
}

TEST(Rules, ModesCompareWithoutCaseAndMailIsRefused) {
  Server server;
  const Octets file{'a', 'b', 'c'};
  server.serve("file", file);
  for (const char* mode : {"octet", "OCTET", "Octet", "NetASCII"}) {
    Client client(server);
    EXPECT_EQ(client.asks("file", {}, mode), Outcome::tftp_opened) << mode;
    client.hears_data(1, 1, file);
    EXPECT_EQ(client.acks(1), Outcome::tftp_completed);
  }
  Client client(server);
  for (const char* mode : {"mail", "", "octe", "octet "}) {
    EXPECT_EQ(client.asks("file", {}, mode), Outcome::tftp_bad_mode) << mode;
    client.hears_error(TftpError::illegal_operation);
  }
}

TEST(Rules, NetasciiTranslatesLinesAcrossBlocks) {
  Server server;
  Octets file, translated;
  for (int i = 0; i < 3000; ++i) {
    // Line ends fall on every place of a block, and carriage returns as well.
    const std::uint8_t octet = i % 7 == 0    ? '\n'
                               : i % 11 == 0 ? '\r'
                                             : static_cast<std::uint8_t>('a' + i % 26);
    file.push_back(octet);
    translated.push_back(octet == '\n' ? '\r' : octet);
    if (octet == '\n') translated.push_back('\n');
    if (octet == '\r') translated.push_back('\0');
  }
  server.serve("text", file);
  Client client(server);
  EXPECT_EQ(client.reads("text", "netascii"), translated);

  // A retransmitted block is the same block.
  Client loser(server, 2071);
  loser.asks("text", {{"blksize", "100"}, {"tsize", "0"}, {"windowsize", "8"}}, "netascii");
  loser.hears_oack({{"blksize", "100"}, {"windowsize", "1"}});
  loser.acks(0);
  loser.hears_data(1, 1, translated, 100);
  loser.acks(1);
  loser.hears_data(2, 2, translated, 100);
  server.pass(15ms);
  loser.hears_data(2, 2, translated, 100);
  EXPECT_EQ(loser.acks(1), Outcome::tftp_duplicate_ack);
  EXPECT_EQ(loser.acks(2), Outcome::tftp_acked);
  loser.hears_data(3, 3, translated, 100);
}

// RFC 1123 4.2.3.1, the Sorcerer's Apprentice: an ACK that is delayed until the timer has sent
// the block again arrives twice; were each answered, all would travel twice to the end.
TEST(Rules, ARepeatedAckIsNeverAnswered) {
  Server server;
  const Octets file = pattern(512 * 50);
  server.serve("file", file);
  Client client(server);
  client.asks("file");
  client.hears_data(1, 1, file);
  server.pass(1100ms);
  client.hears_data(1, 1, file);
  std::uint64_t packets = 0;
  for (std::uint64_t block = 1; block <= 50; ++block) {
    EXPECT_EQ(client.acks(block), Outcome::tftp_acked);
    EXPECT_EQ(client.acks(block), Outcome::tftp_duplicate_ack);
    packets += client.waiting();
    server.sent.clear();
  }
  EXPECT_EQ(packets, 50U);
  EXPECT_EQ(client.acks(51), Outcome::tftp_completed);
}

// Duplicates of the last ACK, or of an ERROR, find nobody; an ERROR 5 might hit the next
// request that the client makes from the same port.
TEST(Rules, LatePacketsOfAFinishedClientAreLeftAlone) {
  Server server;
  server.serve("file", pattern(100));
  Client client(server);
  EXPECT_EQ(client.reads("file"), pattern(100));
  EXPECT_EQ(client.acks(1), Outcome::tftp_duplicate_ack);
  EXPECT_EQ(client.fails(TftpError::not_defined, "bye"), Outcome::tftp_aborted);
  client.hears_nothing();
  EXPECT_TRUE(server.told(EventKind::tftp_aborted).empty());
}

TEST(Rules, AnAckOfABlockThatWasNotSentChangesNothing) {
  Server server;
  const Octets file = pattern(5000);
  server.serve("file", file);
  Client client(server);
  client.asks("file");
  client.hears_data(1, 1, file);
  EXPECT_EQ(client.acks(2), Outcome::tftp_stale_ack);
  EXPECT_EQ(client.acks(0), Outcome::tftp_duplicate_ack);
  EXPECT_EQ(client.acks(65535), Outcome::tftp_stale_ack);
  EXPECT_EQ(server.engine->half_open(), 1U);
  EXPECT_EQ(client.acks(1), Outcome::tftp_acked);
  client.hears_data(2, 2, file);
  EXPECT_EQ(client.acks(0), Outcome::tftp_duplicate_ack);
  EXPECT_EQ(client.acks(3), Outcome::tftp_stale_ack);
  EXPECT_EQ(client.acks(40000), Outcome::tftp_stale_ack);
  client.hears_nothing();
  // With options the first ACK is that of block 0 and of nothing else.
  Client other(server, 2071);
  other.asks("file", {{"blksize", "1024"}});
  other.hears_oack({{"blksize", "1024"}});
  EXPECT_EQ(other.acks(1), Outcome::tftp_stale_ack);
  other.hears_nothing();
}

// RFC 1350 section 4.
TEST(Rules, AForeignTransferIdIsError5AndDisturbsNothing) {
  Server server;
  const Octets file = pattern(5000);
  server.serve("file", file);
  Client client(server);
  client.asks("file");
  client.hears_data(1, 1, file);
  Client thief(server, 6666);
  EXPECT_EQ(thief.acks(1, client.transfer_id()), Outcome::tftp_wrong_tid);
  thief.hears_error(TftpError::unknown_transfer_id);
  Client neighbour(server, 2070, Ipv4Address::of(10, 77, 9, 9));
  EXPECT_EQ(neighbour.acks(1, client.transfer_id()), Outcome::tftp_wrong_tid);
  neighbour.hears_error(TftpError::unknown_transfer_id);
  client.hears_nothing();
  EXPECT_EQ(client.acks(1), Outcome::tftp_acked);
  client.hears_data(2, 2, file);

  const auto unused = static_cast<std::uint16_t>(client.transfer_id() ^ 1);
  EXPECT_EQ(client.acks(1, unused), Outcome::tftp_unknown_tid);
  client.hears_error(TftpError::unknown_transfer_id);
}

TEST(Rules, AnErrorIsNeverAnswered) {
  Server server;
  server.serve("file", pattern(5000));
  Client client(server);
  client.asks("file");
  client.hears();
  const Octets error{0, 5, 0, 5, 'x', 0};
  Client stranger(server, 6666);
  EXPECT_EQ(stranger.says(error, 5000), Outcome::tftp_unknown_tid_silent);
  EXPECT_EQ(stranger.says(error, 69), Outcome::tftp_unexpected);
  stranger.hears_nothing();
  EXPECT_EQ(server.engine->transfers(), 1U);
}

TEST(Rules, StrangersGetSoManyErrorsASecond) {
  TftpConfig config;
  config.errors_per_second = 10;
  Server server(config);
  Client stranger(server);
  for (int i = 0; i < 100; ++i) stranger.acks(1, 5000);
  EXPECT_EQ(server.count(Outcome::tftp_unknown_tid), 10U);
  EXPECT_EQ(server.count(Outcome::tftp_unknown_tid_silent), 90U);
  server.pass(500ms);
  for (int i = 0; i < 100; ++i) stranger.acks(1, 5000);
  EXPECT_EQ(server.count(Outcome::tftp_unknown_tid), 15U);
}

TEST(Rules, OpcodesOutOfPlace) {
  Server server;
  server.serve("file", pattern(5000));
  Client client(server);
  client.asks("file");
  const Datagram data = client.hears();
  const Octets block{0, 3, 0, 1, 'x'};
  const Octets oack{0, 6};
  EXPECT_EQ(client.says(block, data.from_port), Outcome::tftp_unexpected);
  EXPECT_EQ(client.says(oack, data.from_port), Outcome::tftp_unexpected);
  EXPECT_EQ(client.says(block, 69), Outcome::tftp_unexpected);
  EXPECT_EQ(client.says(Octets{0, 4, 0, 1}, 69), Outcome::tftp_unexpected);
  for (const Octets& nonsense :
       {Octets{}, Octets{0}, Octets{0, 9}, Octets{0, 4}, Octets{0, 5, 0}}) {
    EXPECT_EQ(client.says(nonsense, data.from_port), Outcome::tftp_malformed);
    EXPECT_EQ(client.says(nonsense, 69), Outcome::tftp_malformed);
  }
  client.hears_nothing();
}

TEST(Rules, StringsThatDoNotEnd) {
  Server server;
  server.serve("file", pattern(5000));
  Client client(server);
  const auto request = [](std::string_view text) {
    Octets packet{0, 1};
    packet.insert(packet.end(), text.begin(), text.end());
    return packet;
  };
  using namespace std::string_view_literals;
  for (const auto text : {"file"sv, "file\0"sv, "file\0octet"sv, "file\0octet\0blksize"sv,
                          "file\0octet\0blksize\0"sv, "file\0octet\0blksize\0001024"sv}) {
    EXPECT_EQ(client.says(request(text), 69), Outcome::tftp_malformed) << text.size();
  }
  client.hears_nothing();
  EXPECT_EQ(client.says(request("file\0octet\0"sv), 69), Outcome::tftp_opened);
}

TEST(Rules, SwitchedOff) {
  TftpConfig config;
  config.enabled = false;
  Server server(config);
  server.serve("file", pattern(100));
  Client client(server);
  EXPECT_EQ(client.asks("file"), Outcome::tftp_disabled);
  client.hears_nothing();
}

// The configuration of the snapshot counts from the next request on.
TEST(Rules, ANewConfigurationCountsFromTheNextRequestOn) {
  Server server;
  const Octets file = pattern(5000);
  server.serve("file", file);
  Client first(server);
  first.asks("file", {{"blksize", "1468"}});
  first.hears_oack({{"blksize", "1468"}});
  auto config = std::make_shared<Config>();
  config->tftp.block_size_max = 1024;
  server.snapshot.config = config;
  Client second(server, 2071);
  second.asks("file", {{"blksize", "1468"}});
  second.hears_oack({{"blksize", "1024"}});
  first.acks(0);
  EXPECT_EQ(first.reads_on(1468), file);
}

TEST(Rules, BlocksFitTheMtu) {
  TftpConfig config;
  config.block_size_max = 65464;
  for (const auto& [mtu, expected] : {std::pair{1500, "1468"}, {1400, "1368"}, {9000, "8968"}}) {
    Server server(config);
    server.station().mtu = static_cast<std::uint16_t>(mtu);
    const Octets file = pattern(50'000);
    server.serve("file", file);
    Client client(server);
    client.asks("file", {{"blksize", "65464"}});
    client.hears_oack({{"blksize", expected}});
    client.acks(0);
    EXPECT_EQ(client.reads_on(static_cast<std::size_t>(mtu) - 32), file);
  }
}

// ---- the same request again

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

// ---- limits

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

// ---- images

TEST(Images, ATransferGoesOnReadingTheImageThatItBeganWith) {
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
