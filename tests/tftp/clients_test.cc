// What the clients of the field do, one after the other. Their requests are captured frames
// where there is a capture.
#include <gtest/gtest.h>

#include "tftp/server.h"
#include "vectors/vectors.h"

namespace reveille::test {
namespace {

using wire::TftpError;

TEST(Clients, IpxeReadsInLockStepWithItsBlockSize) {
  Server server;
  const Octets file = pattern(100'000);
  server.serve("hello.ipxe", file);
  Client ipxe(server);
  EXPECT_EQ(ipxe.says(captured_payload("ipxe_rrq"), 69), Outcome::tftp_opened);
  ipxe.hears_oack({{"blksize", "1432"}, {"tsize", "100000"}});
  EXPECT_EQ(ipxe.acks(0), Outcome::tftp_acked);
  EXPECT_EQ(ipxe.reads_on(1432), file);
  ipxe.hears_nothing();

  const auto completed = server.told(EventKind::tftp_completed);
  ASSERT_EQ(completed.size(), 1U);
  EXPECT_EQ(completed[0].text(), "hello.ipxe");
  EXPECT_EQ(completed[0].bytes, file.size());
  EXPECT_EQ(completed[0].client, ipxe.mac);
  EXPECT_EQ(server.told(EventKind::tftp_opened).size(), 1U);
  EXPECT_EQ(server.told(EventKind::tftp_first_ack).size(), 1U);
  EXPECT_EQ(server.engine->transfers(), 0U);
  EXPECT_EQ(server.transfers_holding("hello.ipxe"), 0U);
}

// iPXE repeats its request after 0.25 s and never answers a second transfer id: a second
// transfer would retransmit into the void.
TEST(Clients, IpxeAsksTwiceAndFindsTheSameTransfer) {
  Server server;
  server.serve("hello.ipxe", pattern(3000));
  Client ipxe(server);
  const Octets request = captured_payload("ipxe_rrq");
  EXPECT_EQ(ipxe.says(request, 69), Outcome::tftp_opened);
  ipxe.hears_oack({{"blksize", "1432"}, {"tsize", "3000"}});
  const std::uint16_t first_id = ipxe.transfer_id();
  server.pass(250ms);
  EXPECT_EQ(ipxe.says(request, 69), Outcome::tftp_reopened);
  ipxe.hears_oack({{"blksize", "1432"}, {"tsize", "3000"}});
  EXPECT_EQ(ipxe.transfer_id(), first_id);
  EXPECT_EQ(server.engine->transfers(), 1U);
  EXPECT_EQ(ipxe.acks(0), Outcome::tftp_acked);
  EXPECT_EQ(ipxe.acks(0), Outcome::tftp_duplicate_ack);
  EXPECT_EQ(ipxe.reads_on(1432), pattern(3000));
}

// On its own timer iPXE repeats the ACK. The block that it waits for comes from ours.
TEST(Clients, IpxeRepeatsAnAckAndTheTimerResends) {
  Server server;
  const Octets file = pattern(5000);
  server.serve("hello.ipxe", file);
  Client ipxe(server);
  ipxe.says(captured_payload("ipxe_rrq"), 69);
  ipxe.hears_oack({{"blksize", "1432"}, {"tsize", "5000"}});
  ipxe.acks(0);
  ipxe.hears_data(1, 1, file, 1432);
  ipxe.acks(1);
  ipxe.hears();  // block 2 is lost
  EXPECT_EQ(ipxe.acks(1), Outcome::tftp_duplicate_ack);
  ipxe.hears_nothing();
  server.pass(250ms);
  ASSERT_GE(ipxe.waiting(), 1U);
  ipxe.hears_data(2, 2, file, 1432);
}

TEST(Clients, Edk2ProbesTheSizeThenReadsInWindowsOfFour) {
  Server server;
  const Octets file = pattern(1468 * 10 + 100);
  server.serve("snponly.efi", file);
  Client probe(server, 1818);
  EXPECT_EQ(probe.says(captured_payload("edk2_rrq_probe"), 69), Outcome::tftp_opened);
  probe.hears_oack({{"tsize", "14780"}, {"blksize", "1468"}, {"windowsize", "4"}});
  EXPECT_EQ(probe.says(captured_payload("edk2_error")), Outcome::tftp_aborted);
  EXPECT_EQ(server.engine->transfers(), 0U);
  server.pass(20s);
  probe.hears_nothing();
  const auto aborted = server.told(EventKind::tftp_aborted);
  ASSERT_EQ(aborted.size(), 1U);
  EXPECT_EQ(aborted[0].text(), "User aborted the transfer");
  EXPECT_TRUE(server.told(EventKind::tftp_timed_out).empty());

  Client reader(server, 1819);
  EXPECT_EQ(reader.says(captured_payload("edk2_rrq"), 69), Outcome::tftp_opened);
  reader.hears_oack({{"blksize", "1468"}, {"windowsize", "4"}});
  reader.acks(0);
  EXPECT_EQ(reader.waiting(), 4U);
  EXPECT_EQ(reader.reads_on(1468, 4), file);
}

// The second block of a window is lost: EDK2 sends ACK(1) for block 3 and again for block 4.
// One window answers both, and the ACKs of its first half do not multiply it either.
TEST(Clients, Edk2LosesABlockAndGetsOneWindow) {
  Server server;
  const Octets file = pattern(1468 * 20);
  server.serve("snponly.efi", file);
  Client edk2(server, 1819);
  edk2.says(captured_payload("edk2_rrq"), 69);
  edk2.hears_oack({{"blksize", "1468"}, {"windowsize", "4"}});
  server.pass(1ms);
  edk2.acks(0);
  edk2.hears_data(1, 4, file, 1468);
  EXPECT_EQ(edk2.acks(1), Outcome::tftp_acked);
  EXPECT_EQ(edk2.acks(1), Outcome::tftp_window_resent);
  EXPECT_EQ(edk2.acks(1), Outcome::tftp_window_resent);
  edk2.hears_data(2, 5, file, 1468);
  edk2.hears_nothing();
  EXPECT_EQ(edk2.acks(5), Outcome::tftp_acked);
  edk2.hears_data(6, 9, file, 1468);

  // The next loss is another one, although it follows at once.
  EXPECT_EQ(edk2.acks(6), Outcome::tftp_acked);
  edk2.hears_data(7, 10, file, 1468);
  EXPECT_EQ(edk2.acks(6), Outcome::tftp_window_resent);
  edk2.hears_nothing();
}

TEST(Clients, Edk2LosesTheFirstBlockOfAWindow) {
  Server server;
  const Octets file = pattern(1468 * 20);
  server.serve("snponly.efi", file);
  Client edk2(server, 1819);
  edk2.says(captured_payload("edk2_rrq"), 69);
  edk2.hears_oack({{"blksize", "1468"}, {"windowsize", "4"}});
  edk2.acks(0);
  edk2.hears_data(1, 4, file, 1468);
  EXPECT_EQ(edk2.acks(4), Outcome::tftp_acked);
  edk2.hears_data(5, 8, file, 1468);
  // 6, 7 and 8 arrive without 5: three times ACK(4).
  EXPECT_EQ(edk2.acks(4), Outcome::tftp_acked);
  EXPECT_EQ(edk2.acks(4), Outcome::tftp_window_resent);
  EXPECT_EQ(edk2.acks(4), Outcome::tftp_window_resent);
  edk2.hears_data(5, 8, file, 1468);
  edk2.hears_nothing();
}

// A window that travelled twice makes EDK2 acknowledge each copy; those ACKs must not set off
// the next copy, or every window to the end would travel twice.
TEST(Clients, Edk2SeesAWindowTwiceAndItStaysOneTime) {
  Server server;
  const Octets file = pattern(1468 * 40);
  server.serve("snponly.efi", file);
  Client edk2(server, 1819);
  edk2.says(captured_payload("edk2_rrq"), 69);
  edk2.hears_oack({{"blksize", "1468"}, {"windowsize", "4"}});
  edk2.acks(0);
  edk2.hears_data(1, 4, file, 1468);
  server.pass(11ms);  // ACK(4) is late and the timer runs out
  edk2.hears_data(1, 4, file, 1468);
  EXPECT_EQ(edk2.acks(4), Outcome::tftp_acked);
  edk2.hears_data(5, 8, file, 1468);
  for (int copy = 0; copy < 4; ++copy) {
    EXPECT_EQ(edk2.acks(4), Outcome::tftp_window_resent);
  }
  edk2.hears_nothing();
  EXPECT_EQ(edk2.acks(8), Outcome::tftp_acked);
  edk2.hears_data(9, 12, file, 1468);
  edk2.hears_nothing();
}

// GRUB polls and never repeats an ACK: whatever is lost comes back through the server's timer.
TEST(Clients, GrubLosesDataAndAckAndWaits) {
  Server server;
  const Octets file = pattern(1024 * 5 + 1);
  server.serve("grub/i386-pc/normal.mod", file);
  Client grub(server, 25300);
  EXPECT_EQ(grub.says(captured_payload("grub_rrq"), 69), Outcome::tftp_opened);
  grub.hears_oack({{"blksize", "1024"}, {"tsize", "5121"}});
  grub.acks(0);
  grub.hears_data(1, 1, file, 1024);
  grub.acks(1);
  grub.hears();  // lost
  server.pass(100ms);
  grub.hears_data(2, 2, file, 1024);
  // The ACK is lost: the block comes again, and again later, and GRUB acknowledges the copy.
  server.pass(100ms);
  grub.hears_data(2, 2, file, 1024);
  server.sent.clear();
  EXPECT_EQ(grub.acks(2), Outcome::tftp_acked);
  EXPECT_EQ(grub.acks(2), Outcome::tftp_duplicate_ack);
  EXPECT_EQ(grub.waiting(), 1U);
  grub.hears_data(3, 3, file, 1024);
}

// It may also pause for seconds, decompressing. The transfer waits for it.
TEST(Clients, GrubPausesForTwentySeconds) {
  Server server;
  const Octets file = pattern(1024 * 3);
  server.serve("grub/i386-pc/normal.mod", file);
  Client grub(server, 25300);
  grub.says(captured_payload("grub_rrq"), 69);
  grub.hears_oack({{"blksize", "1024"}, {"tsize", "3072"}});
  grub.acks(0);
  grub.hears_data(1, 1, file, 1024);
  server.pass(20s);
  EXPECT_GT(grub.waiting(), 3U);
  EXPECT_LT(grub.waiting(), 20U);
  server.sent.clear();
  EXPECT_EQ(grub.acks(1), Outcome::tftp_acked);
  EXPECT_EQ(grub.reads_on(1024, 1, 2).size(), 2048U) << "blocks 2 to 4";
}

TEST(Clients, PxelinuxNeedsTheSize) {
  Server server;
  const Octets file = pattern(1408 * 2);
  server.serve("ldlinux.c32", file);
  Client pxelinux(server, 49152);
  EXPECT_EQ(pxelinux.says(captured_payload("pxelinux_rrq"), 69), Outcome::tftp_opened);
  pxelinux.hears_oack({{"tsize", "2816"}, {"blksize", "1408"}});
  pxelinux.acks(0);
  EXPECT_EQ(pxelinux.reads_on(1408), file);
}

// shim and the Raspberry Pi: no options at all, 512 octets.
TEST(Clients, LegacyReadsWithoutOptions) {
  Server server;
  const Octets file = pattern(512 * 300 + 17);
  server.serve("grubx64.efi", file);
  Client shim(server);
  EXPECT_EQ(shim.asks("grubx64.efi"), Outcome::tftp_opened);
  EXPECT_EQ(shim.waiting(), 1U);
  EXPECT_EQ(shim.reads_on(512), file);
}

TEST(Clients, CurlAsksForTimeoutAndNegotiatesDownwards) {
  Server server;
  const Octets file = pattern(20'000);
  server.serve("file", file);
  Client curl(server);
  EXPECT_EQ(curl.asks("file", {{"tsize", "0"}, {"blksize", "8192"}, {"timeout", "6"}}),
            Outcome::tftp_opened);
  curl.hears_oack({{"tsize", "20000"}, {"blksize", "1468"}, {"timeout", "6"}});
  curl.acks(0);
  EXPECT_EQ(curl.reads_on(1468), file);
}

TEST(Clients, AtftpReadsInWindowsOfSixteen) {
  Server server;
  const Octets file = pattern(1428 * 100);
  server.serve("file", file);
  Client atftp(server);
  EXPECT_EQ(atftp.asks("file", {{"blksize", "1428"}, {"windowsize", "16"}}), Outcome::tftp_opened);
  atftp.hears_oack({{"blksize", "1428"}, {"windowsize", "16"}});
  atftp.acks(0);
  EXPECT_EQ(atftp.waiting(), 16U);
  EXPECT_EQ(atftp.reads_on(1428, 16), file);
}

TEST(Clients, BehindARouterOrAVlanTheAnswerGoesBackTheSameWay) {
  Server server;
  const Octets file = pattern(2000);
  server.serve("file", file);
  Station tagged = server.station();
  tagged.vlan = 77;
  tagged.address = {Ipv4Address::of(10, 78, 0, 1), 24};
  server.snapshot.stations.push_back(tagged);
  Client client(server, 3000, Ipv4Address::of(192, 168, 1, 9));
  client.station = 1;
  client.asks("file");
  EXPECT_EQ(server.sent.front().vlan, 77);
  client.hears_data(1, 1, file);
  const auto opened = server.told(EventKind::tftp_opened);
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].vlan, 77);
  EXPECT_TRUE(opened[0].client.is_zero()) << "the frame's source is the router";
  // The other router of a redundant pair takes over in the middle.
  client.mac.octets[5] = 0x99;
  EXPECT_EQ(client.acks(1), Outcome::tftp_acked);
  client.hears_data(2, 2, file);
  // The same address on another VLAN is somebody else.
  Client other(server, 3000, Ipv4Address::of(192, 168, 1, 9));
  EXPECT_EQ(other.acks(2, client.transfer_id()), Outcome::tftp_wrong_tid);
}

}  // namespace
}  // namespace reveille::test
