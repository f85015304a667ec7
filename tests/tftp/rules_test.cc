// What the RFCs want of a server, sentence by sentence, and what a hostile network sends.
#include <set>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace reveille::test
