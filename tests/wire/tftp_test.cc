#include <string>

#include <gtest/gtest.h>

#include <reveille/wire/tftp.h>

#include "vectors/vectors.h"

namespace reveille::wire {
namespace {

using namespace std::string_literals;

Octets octets(const std::string& text) {
  return {text.begin(), text.end()};
}
Outcome refusal(const std::string& packet) {
  const Octets bytes = octets(packet);
  const auto view = TftpView::parse(bytes);
  EXPECT_FALSE(view);
  return view.refusal();
}

TEST(TftpView, ReadRequestOfIpxe) {
  const Octets packet = captured_payload("ipxe_rrq");
  const auto view = TftpView::parse(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->opcode(), TftpOpcode::read_request);
  EXPECT_EQ(view->file_name(), "hello.ipxe");
  EXPECT_EQ(view->mode(), "octet");
  ASSERT_EQ(view->options().size(), 2U);
  EXPECT_EQ(view->options()[0].name, "blksize");
  EXPECT_EQ(view->options()[0].value, "1432");
  EXPECT_EQ(view->options()[1].name, "tsize");
  EXPECT_EQ(view->options()[1].value, "0");
  EXPECT_EQ(view->option("BLKsize"), "1432");
  EXPECT_EQ(view->option("windowsize"), std::nullopt);
}

TEST(TftpView, ReadRequestsOfOtherClients) {
  const Octets edk2 = captured_payload("edk2_rrq_probe");
  const auto probe = TftpView::parse(edk2);
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->file_name(), "snponly.efi");
  EXPECT_EQ(probe->option("tsize"), "0");
  EXPECT_EQ(probe->option("blksize"), "1468");
  EXPECT_EQ(probe->option("windowsize"), "4");

  const Octets grub = captured_payload("grub_rrq");
  const auto module = TftpView::parse(grub);
  ASSERT_TRUE(module);
  EXPECT_EQ(module->file_name(), "/grub/i386-pc/normal.mod");
  EXPECT_EQ(module->option("blksize"), "1024");

  const Octets pxelinux = captured_payload("pxelinux_rrq");
  const auto second_stage = TftpView::parse(pxelinux);
  ASSERT_TRUE(second_stage);
  EXPECT_EQ(second_stage->file_name(), "ldlinux.c32");
  EXPECT_EQ(second_stage->option("tsize"), "0");
  EXPECT_EQ(second_stage->option("blksize"), "1408");
}

TEST(TftpView, AcknowledgmentAndOptionAcknowledgment) {
  const Octets ack = captured_payload("ipxe_ack");
  const auto first = TftpView::parse(ack);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->opcode(), TftpOpcode::acknowledgment);
  EXPECT_EQ(first->block(), 0);

  const Octets oack = captured_payload("dnsmasq_oack");
  const auto options = TftpView::parse(oack);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->opcode(), TftpOpcode::option_acknowledgment);
  EXPECT_EQ(options->option("blksize"), "1432");
  EXPECT_EQ(options->option("tsize"), "26");
}

TEST(TftpView, DataAndError) {
  const Octets data = captured_payload("dnsmasq_data");
  const auto block = TftpView::parse(data);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->opcode(), TftpOpcode::data);
  EXPECT_EQ(block->block(), 1);
  EXPECT_EQ(std::string(block->data().begin(), block->data().end()),
            "#!ipxe\necho HELLO\nsleep 1\n");

  const Octets error = captured_payload("edk2_error");
  const auto abort = TftpView::parse(error);
  ASSERT_TRUE(abort);
  EXPECT_EQ(abort->opcode(), TftpOpcode::error);
  EXPECT_EQ(abort->error(), TftpError::option_refused);
  EXPECT_EQ(abort->message(), "User aborted the transfer");
}

TEST(TftpView, EveryPrefixOfARequestIsRefusedExceptWhereOptionsEnd) {
  const Octets packet = captured_payload("ipxe_rrq");
  const std::size_t after_mode = 2 + sizeof("hello.ipxe") + sizeof("octet");
  const std::size_t after_first = after_mode + sizeof("blksize") + sizeof("1432");
  for (std::size_t length = 0; length < packet.size(); ++length) {
    const auto view = TftpView::parse(Bytes{packet}.first(length));
    ASSERT_EQ(static_cast<bool>(view), length == after_mode || length == after_first) << length;
    if (!view) {
      EXPECT_EQ(view.refusal(), Outcome::tftp_malformed);
    }
  }
}

TEST(TftpView, RefusesWhatIsNoPacket) {
  EXPECT_EQ(refusal(""), Outcome::tftp_malformed);
  EXPECT_EQ(refusal("\0"s), Outcome::tftp_malformed);
  EXPECT_EQ(refusal("\0\0"s), Outcome::tftp_malformed);
  EXPECT_EQ(refusal("\0\7\0\1"s), Outcome::tftp_malformed);
  EXPECT_EQ(refusal("\1\1a\0octet\0"s), Outcome::tftp_malformed);
  EXPECT_EQ(refusal("default send string"), Outcome::tftp_malformed);
  for (const char opcode : {'\3', '\4', '\5'}) {
    EXPECT_EQ(refusal("\0"s + opcode + "\0"s), Outcome::tftp_malformed);
  }
}

TEST(TftpView, StringsThatDoNotEnd) {
  EXPECT_EQ(refusal("\0\1name"s), Outcome::tftp_malformed);
  EXPECT_EQ(refusal("\0\1name\0octet"s), Outcome::tftp_malformed);
  EXPECT_EQ(refusal("\0\1name\0octet\0blksize"s), Outcome::tftp_malformed);
  EXPECT_EQ(refusal("\0\1name\0octet\0blksize\0"s), Outcome::tftp_malformed);
  EXPECT_EQ(refusal("\0\1name\0octet\0blksize\0"
                    "1468"s),
            Outcome::tftp_malformed);
  EXPECT_EQ(refusal("\0\6blksize"s), Outcome::tftp_malformed);
}

TEST(TftpView, ErrorMessageMayLackItsNul) {
  const Octets packet = octets("\0\5\0\0gone"s);
  const auto view = TftpView::parse(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->message(), "gone");
  const Octets empty = octets("\0\5\0\3"s);
  EXPECT_EQ(TftpView::parse(empty)->message(), "");
}

TEST(TftpView, NulsAfterTheOptionsAreIgnored) {
  const Octets packet = octets(
      "\0\1name\0octet\0tsize\0"
      "0\0\0\0\0"s);
  const auto view = TftpView::parse(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->options().size(), 1U);
}

TEST(TftpView, AnOptionWithoutANameIsNone) {
  EXPECT_EQ(refusal("\0\1name\0octet\0\0x\0"s), Outcome::tftp_malformed);
  EXPECT_EQ(refusal("\0\6\0\0\0\0blksize\0"
                    "8\0"s),
            Outcome::tftp_malformed);
}

TEST(TftpView, EmptyStringsAreStrings) {
  const Octets packet = octets("\0\1\0\0x\0\0"s);
  const auto view = TftpView::parse(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->file_name(), "");
  EXPECT_EQ(view->mode(), "");
  EXPECT_EQ(view->option("x"), "");
}

TEST(TftpView, AFloodOfOptionsKeepsTheFirstOnesButChecksAll) {
  std::string packet = "\0\1name\0octet\0"s;
  for (int i = 0; i < 200; ++i) packet.append("o").append(std::to_string(i)).append("\0v\0"s);
  const Octets flood = octets(packet);
  const auto view = TftpView::parse(flood);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->options().size(), TftpView::kOptionsMax);
  EXPECT_EQ(view->options().back().name, "o15");
  EXPECT_EQ(view->option("o16"), std::nullopt);
  EXPECT_EQ(refusal(packet + "unended"), Outcome::tftp_malformed);
}

TEST(TftpView, TheFirstOfTwoOptionsOfOneNameCounts) {
  const Octets packet = octets(
      "\0\1n\0octet\0blksize\0"
      "8\0BLKSIZE\0"
      "9\0"s);
  EXPECT_EQ(TftpView::parse(packet)->option("blksize"), "8");
}

TEST(TftpView, CopiesKeepTheirOptions) {
  const Octets packet = captured_payload("edk2_rrq_probe");
  const auto view = TftpView::parse(packet);
  TftpView copy;
  copy = *view;
  EXPECT_EQ(copy.option("windowsize"), "4");
  EXPECT_EQ(copy.options().size(), 3U);
}

// What we write is what the clients wrote, octet by octet.
TEST(TftpWriter, WritesTheCapturedPackets) {
  Octets room = unwritten(600);
  const auto written = [&room](std::size_t length) {
    const Octets packet{room.begin(), room.begin() + static_cast<std::ptrdiff_t>(length)};
    EXPECT_EQ(room[length], 0xa5);
    room = unwritten(600);
    return packet;
  };
  const TftpOption ipxe[] = {{"blksize", "1432"}, {"tsize", "0"}};
  EXPECT_EQ(written(write_tftp_read_request(room, "hello.ipxe", "octet", ipxe)),
            captured_payload("ipxe_rrq"));
  const TftpOption dnsmasq[] = {{"blksize", "1432"}, {"tsize", "26"}};
  EXPECT_EQ(written(write_tftp_oack(room, dnsmasq)), captured_payload("dnsmasq_oack"));
  EXPECT_EQ(written(write_tftp_ack(room, 0)), captured_payload("ipxe_ack"));
  EXPECT_EQ(written(write_tftp_error(room, TftpError::option_refused, "User aborted the transfer")),
            captured_payload("edk2_error"));

  const Octets data = captured_payload("dnsmasq_data");
  Octets header = unwritten(kTftpDataHeader);
  write_tftp_data_header(header.data(), 1);
  EXPECT_TRUE(std::equal(header.begin(), header.end(), data.begin()));
}

TEST(TftpWriter, WriteRequestDiffersInTheOpcodeOnly) {
  Octets room = unwritten(64);
  const std::size_t length = write_tftp_write_request(room, "up", "octet", {});
  const auto view = TftpView::parse(Bytes{room}.first(length));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->opcode(), TftpOpcode::write_request);
  EXPECT_EQ(view->file_name(), "up");
}

TEST(TftpWriter, WritesNothingPastTheRoom) {
  const TftpOption options[] = {{"blksize", "1432"}, {"tsize", "0"}};
  const std::size_t whole = captured_payload("ipxe_rrq").size();
  for (std::size_t size = 0; size <= whole; ++size) {
    Octets room = unwritten(whole + 8);
    const std::size_t length =
        write_tftp_read_request(MutableBytes{room}.first(size), "hello.ipxe", "octet", options);
    ASSERT_EQ(length, size == whole ? whole : 0) << size;
    for (std::size_t i = size; i < room.size(); ++i) ASSERT_EQ(room[i], 0xa5);
  }
  EXPECT_EQ(write_tftp_ack({}, 1), 0U);
}

}  // namespace
}  // namespace reveille::wire
