// AoE headers and ATA registers, octet by octet as AoEr11 draws them.
#include <gtest/gtest.h>

#include <reveille/wire/aoe.h>
#include <reveille/wire/ata.h>

#include "vectors/vectors.h"

namespace reveille {
namespace {

using namespace wire;

TEST(Aoe, HeaderIsReadAsItIsDrawn) {
  const Octets packet{0x1c, 0x02, 0x12, 0x34, 0x56, 0x03, 0xde, 0xad, 0xbe, 0xef, 0x77};
  const auto view = AoeView::parse(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->version(), 1);
  EXPECT_TRUE(view->is_response());
  EXPECT_TRUE(view->is_error());
  EXPECT_EQ(view->error(), AoeError::bad_argument);
  EXPECT_EQ(view->shelf(), 0x1234);
  EXPECT_EQ(view->slot(), 0x56);
  EXPECT_EQ(view->command(), AoeCommand::reserve);
  EXPECT_EQ(view->tag(), 0xdeadbeef);
  EXPECT_EQ(view->arguments().size(), 1U);

  Octets written(10);
  EXPECT_EQ(write_aoe_header(written.data(), {.response = true,
                                              .error = 2,
                                              .shelf = 0x1234,
                                              .slot = 0x56,
                                              .command = AoeCommand::reserve,
                                              .tag = 0xdeadbeef}),
            written.data() + 10);
  EXPECT_EQ(written, Octets(packet.begin(), packet.begin() + 10));
  EXPECT_EQ(AoeView::parse(Bytes(packet).first(9)).refusal(), Outcome::aoe_malformed);
}

TEST(Aoe, RegistersHaveTheLowestOctetOfTheAddressFirst) {
  const Octets arguments{0x51, 0x07, 0x02, 0x24, 1, 2, 3, 4, 5, 6, 0, 0, 0xaa};
  const auto view = AoeAtaView::parse(arguments);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->flags(), AoeAtaView::kExtended | AoeAtaView::kDevice | AoeAtaView::kWrite);
  EXPECT_EQ(view->feature(), 7);
  EXPECT_EQ(view->sectors(), 2);
  EXPECT_EQ(view->command(), 0x24);
  EXPECT_EQ(view->lba(), 0x060504030201U);
  EXPECT_EQ(view->data().size(), 1U);
  Octets written(12, 0xff);
  write_aoe_ata(
      written.data(),
      {.flags = 0x51, .feature = 7, .sectors = 2, .command = 0x24, .lba = 0x060504030201});
  EXPECT_EQ(written, Octets(arguments.begin(), arguments.begin() + 12));
  EXPECT_EQ(AoeAtaView::parse(Bytes(arguments).first(11)).refusal(), Outcome::aoe_malformed);
}

TEST(Aoe, CountsMayNotLeadPastTheEnd) {
  Octets config{0, 16, 0x40, 0x10, 2, 0x13, 0, 3, 'a', 'b', 'c', 0};
  ASSERT_TRUE(AoeConfigView::parse(config));
  EXPECT_EQ(AoeConfigView::parse(config)->operation(), AoeConfigView::Operation::set);
  EXPECT_EQ(AoeConfigView::parse(config)->buffers(), 16);
  EXPECT_EQ(AoeConfigView::parse(config)->firmware(), 0x4010);
  EXPECT_EQ(AoeConfigView::parse(config)->string().size(), 3U);
  config[7] = 5;
  EXPECT_FALSE(AoeConfigView::parse(config));
  Octets longest(8 + 1025);
  longest[6] = 4;
  EXPECT_TRUE(AoeConfigView::parse(longest));
  longest[7] = 1;
  EXPECT_FALSE(AoeConfigView::parse(longest)) << "1024 is the most";

  Octets masks{0, 1, 0, 2, 0, 1, 1, 2, 3, 4, 5, 6, 0, 2, 1, 2, 3, 4, 5, 7};
  ASSERT_TRUE(AoeMaskView::parse(masks));
  EXPECT_EQ(AoeMaskView::parse(masks)->directive(1), AoeMaskView::Directive::remove);
  EXPECT_EQ(AoeMaskView::parse(masks)->mac(1).text(), "01:02:03:04:05:07");
  masks[3] = 3;
  EXPECT_FALSE(AoeMaskView::parse(masks));

  Octets reserve{2, 1, 1, 2, 3, 4, 5, 6};
  ASSERT_TRUE(AoeReserveView::parse(reserve));
  EXPECT_EQ(AoeReserveView::parse(reserve)->operation(), AoeReserveView::Operation::force);
  EXPECT_EQ(AoeReserveView::parse(reserve)->mac(0).text(), "01:02:03:04:05:06");
  reserve[1] = 2;
  EXPECT_FALSE(AoeReserveView::parse(reserve));
}

TEST(Ata, LargeDisksSayMoreThanTwentyEightBits) {
  Octets identity(512, 0xff);
  write_ata_identity(identity.data(), {.sectors = (1ULL << 40) + 5,
                                       .serial = "s",
                                       .firmware = "1",
                                       .model = "model",
                                       .write_cache = true});
  const auto word = [&](std::size_t n) { return identity[2 * n] | identity[2 * n + 1] << 8; };
  EXPECT_EQ(word(60), 0xffff);
  EXPECT_EQ(word(61), 0x0fff);
  EXPECT_EQ(word(100), 5);
  EXPECT_EQ(word(102), 1 << 8);
  EXPECT_NE(word(82) & 1 << 5, 0);
  EXPECT_NE(word(85) & 1 << 5, 0);
  EXPECT_EQ(identity[55], 'm') << "letters are swapped";
  EXPECT_EQ(identity[54], 'o');
}

}  // namespace
}  // namespace reveille
