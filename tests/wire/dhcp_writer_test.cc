#include <string>

#include <gtest/gtest.h>

#include <reveille/wire/dhcp.h>

#include "vectors/vectors.h"

namespace reveille::wire {
namespace {

Octets first(const Octets& room, std::size_t length) {
  return {room.begin(), room.begin() + static_cast<std::ptrdiff_t>(length)};
}
const MacAddress kClient = *MacAddress::parse("52:54:00:aa:01:01");
bool untouched(const Octets& room, std::size_t from) {
  return std::all_of(room.begin() + static_cast<std::ptrdiff_t>(from), room.end(),
                     [](std::uint8_t octet) { return octet == 0xa5; });
}

// Rebuilds dnsmasq's OFFER to iPXE from the DISCOVER, octet by octet.
TEST(DhcpWriter, WritesTheCapturedOffer) {
  const Octets discover = captured_payload("ipxe_discover");
  const auto request = DhcpView::parse(discover);
  ASSERT_TRUE(request);

  Octets room = unwritten(1500);
  DhcpWriter writer(room, 1472 - 28);
  writer.reply_to(*request);
  writer.secs(request->secs());
  writer.yiaddr(Ipv4Address::of(10, 78, 0, 152));
  writer.siaddr(Ipv4Address::of(10, 78, 0, 1));
  writer.option_u8(DhcpOption::message_type, 2);
  writer.option_address(DhcpOption::server_identifier, Ipv4Address::of(10, 78, 0, 1));
  writer.option_u32(DhcpOption::lease_time, 3600);
  writer.option(DhcpOption::boot_file_name, std::string_view{"hello.ipxe\0", 11});
  writer.option_u32(DhcpOption::renewal_time, 1800);
  writer.option_u32(DhcpOption::rebinding_time, 3150);
  writer.option_address(DhcpOption::subnet_mask, Ipv4Address::of(255, 255, 255, 0));
  writer.option_address(DhcpOption::broadcast_address, Ipv4Address::of(10, 78, 0, 255));
  writer.option_address(DhcpOption::router, Ipv4Address::of(10, 78, 0, 1));
  const std::size_t length = writer.finish();
  EXPECT_EQ(length, kBootpLength);
  EXPECT_FALSE(writer.overflowed());
  EXPECT_EQ(first(room, length), captured_payload("dnsmasq_offer"));
  EXPECT_TRUE(untouched(room, length));
}

TEST(DhcpWriter, EveryFixedField) {
  Octets request = captured_payload("edk2_discover");
  request[1] = 32;
  request[2] = 16;
  for (std::size_t i = 0; i < 4; ++i) request[24 + i] = static_cast<std::uint8_t>(10 + i);
  for (std::size_t i = 0; i < 16; ++i) request[28 + i] = static_cast<std::uint8_t>(0xc0 + i);
  const auto view = DhcpView::parse(request);
  ASSERT_TRUE(view);

  Octets room = unwritten(576);
  DhcpWriter writer(room, 548);
  writer.reply_to(*view);
  writer.hops(3);
  writer.secs(0x1234);
  writer.ciaddr({0x01020304});
  writer.yiaddr({0x11121314});
  writer.siaddr({0x21222324});
  EXPECT_TRUE(writer.sname("server"));
  EXPECT_TRUE(writer.file("boot.efi"));
  const std::size_t length = writer.finish();
  const auto reply = DhcpView::parse(Bytes{room}.first(length));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->op(), DhcpOp::reply);
  EXPECT_EQ(reply->htype(), 32);
  EXPECT_EQ(reply->hlen(), 16);
  EXPECT_EQ(reply->hops(), 3);
  EXPECT_EQ(reply->xid(), view->xid());
  EXPECT_EQ(reply->secs(), 0x1234);
  EXPECT_EQ(reply->flags(), 0x8000);
  EXPECT_EQ(reply->ciaddr().value, 0x01020304U);
  EXPECT_EQ(reply->yiaddr().value, 0x11121314U);
  EXPECT_EQ(reply->siaddr().value, 0x21222324U);
  EXPECT_EQ(reply->giaddr(), Ipv4Address::of(10, 11, 12, 13));
  EXPECT_EQ(octets(reply->chaddr_field()), octets(view->chaddr_field()));
  EXPECT_EQ(reply->sname(), "server");
  EXPECT_EQ(reply->file(), "boot.efi");
  writer.flags(0x4321);
  writer.giaddr({0x31323334});
  EXPECT_EQ(load_be16(&room[10]), 0x4321);
  EXPECT_EQ(load_be32(&room[24]), 0x31323334U);
}

TEST(DhcpWriter, RequestsOfAClient) {
  Octets room = unwritten(400);
  DhcpWriter writer(room, room.size());
  writer.request_of(kClient, 0xdeadbeef);
  writer.option_u8(DhcpOption::message_type, 1);
  writer.option_u16(DhcpOption::maximum_message_size, 1472);
  const auto view = DhcpView::parse(Bytes{room}.first(writer.finish()));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->op(), DhcpOp::request);
  EXPECT_EQ(view->htype(), 1);
  EXPECT_EQ(view->hlen(), 6);
  EXPECT_EQ(view->xid(), 0xdeadbeefU);
  EXPECT_EQ(view->chaddr(), kClient);
  EXPECT_EQ(view->type(), DhcpType::discover);
  EXPECT_EQ(view->option_u16(DhcpOption::maximum_message_size), 1472);
}

TEST(DhcpWriter, NothingOfTheBufferLeaks) {
  Octets room = unwritten(700);
  DhcpWriter writer(room, 548);
  const std::size_t length = writer.finish();
  EXPECT_EQ(length, kBootpLength);
  Octets expected(kBootpLength, 0);
  store_be32(&expected[236], 0x63825363);
  expected[240] = 255;
  EXPECT_EQ(first(room, length), expected);
  EXPECT_TRUE(untouched(room, length));
}

TEST(DhcpWriter, TextFieldsRefuseWhatIsTooLong) {
  Octets room = unwritten(548);
  DhcpWriter writer(room, room.size());
  writer.request_of(kClient, 1);
  EXPECT_FALSE(writer.sname(std::string(65, 's')));
  EXPECT_FALSE(writer.file(std::string(129, 'f')));
  EXPECT_TRUE(writer.sname(std::string(64, 's')));
  EXPECT_TRUE(writer.file(std::string(128, 'f')));
  EXPECT_TRUE(writer.file("short"));  // the rest of the longer one is gone
  const auto view = DhcpView::parse(Bytes{room}.first(writer.finish()));
  EXPECT_EQ(view->sname(), std::string(64, 's'));
  EXPECT_EQ(view->file(), "short");
  EXPECT_EQ(room[108 + 127], 0);
}

TEST(DhcpWriter, RoomWithoutPlaceForTheHeader) {
  for (std::size_t size = 0; size <= kDhcpOptionsOffset; ++size) {
    Octets room = unwritten(300);
    DhcpWriter writer(MutableBytes{room}.first(size), 548);
    writer.request_of(MacAddress::broadcast(), 1);
    writer.hops(1);
    writer.secs(1);
    writer.flags(1);
    writer.ciaddr({1});
    writer.yiaddr({1});
    writer.siaddr({1});
    writer.giaddr({1});
    EXPECT_FALSE(writer.sname("x"));
    EXPECT_FALSE(writer.file("x"));
    writer.option_u8(DhcpOption::message_type, 1);
    writer.option_last(DhcpOption::relay_agent_information, room);
    EXPECT_EQ(writer.finish(), 0U);
    EXPECT_TRUE(writer.overflowed());
    EXPECT_TRUE(untouched(room, 0));
  }
}

TEST(DhcpWriter, NeverPastRoomOrLimit) {
  const Octets value(40, 0x77);
  for (std::size_t size = kDhcpOptionsOffset + 1; size < 400; ++size) {
    for (const bool by_limit : {false, true}) {
      Octets room = unwritten(420);
      const MutableBytes whole{room};
      DhcpWriter writer(by_limit ? whole : whole.first(size), by_limit ? size : 5000);
      writer.request_of(kClient, 1);
      for (int i = 0; i < 4; ++i) writer.option(DhcpOption::vendor_specific, value);
      const std::size_t length = writer.finish();
      ASSERT_LE(length, size);
      ASSERT_TRUE(untouched(room, size));
      const auto view = DhcpView::parse(whole.first(length));
      ASSERT_TRUE(view);
      const std::size_t fitting = std::min<std::size_t>(4, (size - kDhcpOptionsOffset - 1) / 42);
      const auto joined = view->option(DhcpOption::vendor_specific);
      ASSERT_EQ(joined ? joined->size() : 0, fitting * 40) << size;
      ASSERT_EQ(writer.overflowed(), fitting < 4);
    }
  }
}

TEST(DhcpWriter, SplitsLongOptions) {
  for (const std::size_t length : {0, 1, 254, 255, 256, 510, 511, 1000}) {
    Octets value(length);
    for (std::size_t i = 0; i < length; ++i) value[i] = static_cast<std::uint8_t>(i * 7);
    Octets room = unwritten(1472);
    DhcpWriter writer(room, room.size());
    writer.request_of(kClient, 1);
    writer.option(DhcpOption::vendor_specific, value);
    const auto view = DhcpView::parse(Bytes{room}.first(writer.finish()));
    ASSERT_TRUE(view);
    ASSERT_TRUE(view->has(DhcpOption::vendor_specific));
    EXPECT_EQ(octets(*view->option(DhcpOption::vendor_specific)), value);
  }
}

TEST(DhcpWriter, ALongOptionThatDoesNotFitIsLeftOutWhole) {
  Octets room = unwritten(548);
  DhcpWriter writer(room, room.size());
  writer.request_of(kClient, 1);
  writer.allow_overload(true);
  writer.option(DhcpOption::vendor_specific, Octets(600, 1));
  writer.option_u8(DhcpOption::message_type, 5);
  EXPECT_TRUE(writer.overflowed());
  const auto view = DhcpView::parse(Bytes{room}.first(writer.finish()));
  ASSERT_TRUE(view);
  EXPECT_FALSE(view->has(DhcpOption::vendor_specific));
  EXPECT_FALSE(view->has(DhcpOption::overload));
  EXPECT_EQ(view->type(), DhcpType::ack);
}

TEST(DhcpWriter, SpillsIntoFileAndThenSname) {
  Octets room = unwritten(kBootpLength + 10);
  DhcpWriter writer(room, kBootpLength);
  writer.request_of(kClient, 1);
  writer.allow_overload(true);
  writer.option_u8(DhcpOption::message_type, 5);
  writer.option(DhcpOption::host_name, std::string(40, 'h'));
  writer.option(DhcpOption::boot_file_name, std::string(100, 'b'));
  writer.option(DhcpOption::domain_name, std::string(50, 'd'));
  EXPECT_FALSE(writer.overflowed());
  writer.option(DhcpOption::root_path, std::string(50, 'r'));
  EXPECT_TRUE(writer.overflowed());
  EXPECT_FALSE(writer.file("late"));
  EXPECT_FALSE(writer.sname("late"));
  const std::size_t length = writer.finish();
  EXPECT_EQ(length, kBootpLength);
  EXPECT_TRUE(untouched(room, length));
  const auto view = DhcpView::parse(Bytes{room}.first(length));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->option_u8(DhcpOption::overload), 3);
  EXPECT_EQ(view->option_text(DhcpOption::host_name), std::string(40, 'h'));
  EXPECT_EQ(view->option_text(DhcpOption::boot_file_name), std::string(100, 'b'));
  EXPECT_EQ(view->option_text(DhcpOption::domain_name), std::string(50, 'd'));
  EXPECT_FALSE(view->has(DhcpOption::root_path));
}

TEST(DhcpWriter, OneFreeFieldIsUsedAlone) {
  for (const bool file_is_set : {false, true}) {
    Octets room = unwritten(kBootpLength);
    DhcpWriter writer(room, kBootpLength);
    writer.request_of(kClient, 1);
    writer.allow_overload(true);
    ASSERT_TRUE(file_is_set ? writer.file("kernel") : writer.sname("server"));
    writer.option(DhcpOption::host_name, std::string(50, 'h'));
    writer.option(DhcpOption::domain_name, std::string(50, 'd'));
    const auto view = DhcpView::parse(Bytes{room}.first(writer.finish()));
    ASSERT_TRUE(view);
    EXPECT_EQ(view->option_u8(DhcpOption::overload), file_is_set ? 2 : 1);
    EXPECT_EQ(view->option_text(DhcpOption::domain_name), std::string(50, 'd'));
    EXPECT_EQ(view->file(), file_is_set ? "kernel" : "");
    EXPECT_EQ(view->sname(), file_is_set ? "" : "server");
  }
}

TEST(DhcpWriter, WithoutLeaveNothingSpills) {
  Octets room = unwritten(kBootpLength);
  DhcpWriter writer(room, kBootpLength);
  writer.request_of(kClient, 1);
  writer.option(DhcpOption::host_name, std::string(50, 'h'));
  writer.option(DhcpOption::domain_name, std::string(50, 'd'));
  EXPECT_TRUE(writer.overflowed());
  const auto view = DhcpView::parse(Bytes{room}.first(writer.finish()));
  ASSERT_TRUE(view);
  EXPECT_FALSE(view->has(DhcpOption::overload));
  EXPECT_FALSE(view->has(DhcpOption::domain_name));
}

// All fillings: whatever was taken comes back, and the last option is the last.
TEST(DhcpWriter, OverloadReservesRoomForOption52AtEveryFilling) {
  const Octets circuit{1, 2, 'p', '1'};
  for (std::size_t filler = 0; filler < 60; ++filler) {
    Octets room = unwritten(kBootpLength + 4);
    DhcpWriter writer(room, kBootpLength);
    writer.request_of(kClient, 1);
    writer.allow_overload(true);
    writer.option_last(DhcpOption::relay_agent_information, circuit);
    writer.option(DhcpOption::message, std::string(filler, 'm'));
    writer.option(DhcpOption::boot_file_name, std::string(20, 'b'));
    writer.option(DhcpOption::root_path, std::string(120, 'r'));
    const bool overflowed = writer.overflowed();
    const std::size_t length = writer.finish();
    ASSERT_TRUE(untouched(room, length));
    const auto view = DhcpView::parse(Bytes{room}.first(length));
    ASSERT_TRUE(view) << filler;
    ASSERT_EQ(octets(*view->option(DhcpOption::relay_agent_information)), circuit);
    ASSERT_EQ(view->option_text(DhcpOption::message), std::string(filler, 'm'));
    ASSERT_EQ(view->option_text(DhcpOption::boot_file_name), std::string(20, 'b'));
    ASSERT_EQ(view->has(DhcpOption::root_path), !overflowed) << filler;
    // Nothing but END and pads after option 82.
    const std::uint8_t* const after = view->option(DhcpOption::relay_agent_information)->data() + 4;
    ASSERT_EQ(*after, 255);
    ASSERT_TRUE(std::all_of(after + 1, std::as_const(room).data() + length,
                            [](std::uint8_t octet) { return octet == 0; }));
  }
}

TEST(DhcpWriter, ALastOptionThatDoesNotFitIsFlagged) {
  Octets room = unwritten(kBootpLength);
  DhcpWriter writer(room, kBootpLength);
  writer.request_of(kClient, 1);
  writer.option_last(DhcpOption::relay_agent_information, Octets(58, 1));
  EXPECT_TRUE(writer.overflowed());
  const auto view = DhcpView::parse(Bytes{room}.first(writer.finish()));
  EXPECT_FALSE(view->has(DhcpOption::relay_agent_information));
}

}  // namespace
}  // namespace reveille::wire
