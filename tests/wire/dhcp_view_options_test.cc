// Options as nobody should send them: cut short, without end, overloaded, split, in floods.
#include <string>

#include <gtest/gtest.h>

#include <reveille/wire/dhcp.h>

#include "vectors/vectors.h"

namespace reveille::wire {
namespace {

// A DISCOVER of iPXE with other options.
Octets with_options(const Octets& options) {
  Octets message = captured_payload("ipxe_discover");
  message.resize(kDhcpOptionsOffset);
  message.insert(message.end(), options.begin(), options.end());
  return message;
}
Octets filled_field(std::size_t length, const Octets& start) {
  Octets field = start;
  field.resize(length, 0);
  return field;
}
void put(Octets& message, std::size_t at, const Octets& bytes) {
  std::copy(bytes.begin(), bytes.end(), message.begin() + static_cast<std::ptrdiff_t>(at));
}

TEST(DhcpView, EveryTruncationIsRefusedOrReadsOnlyWhatIsThere) {
  const Octets message = captured_payload("ipxe_discover");
  for (std::size_t length = 0; length < message.size(); ++length) {
    const Octets part{message.begin(), message.begin() + static_cast<std::ptrdiff_t>(length)};
    const auto view = DhcpView::parse(part);
    if (length < kDhcpOptionsOffset) {
      ASSERT_FALSE(view);
      ASSERT_EQ(view.refusal(), Outcome::dhcp_malformed);
    } else if (!view) {
      ASSERT_EQ(view.refusal(), Outcome::dhcp_bad_options);
    } else {
      for (unsigned code = 0; code < 256; ++code) {
        const auto value = view->option(static_cast<DhcpOption>(code));
        if (!value || value->empty()) continue;
        ASSERT_GE(value->data(), part.data());
        ASSERT_LE(value->data() + value->size(), part.data() + part.size());
      }
    }
  }
}

TEST(DhcpView, HealthCheckTextIsNoMessage) {
  // What a load balancer sends to see whether port 67 is alive, 27 octets in all.
  std::string text = "default send string";
  text.resize(27);
  const Octets probe{text.begin(), text.end()};
  EXPECT_EQ(DhcpView::parse(probe).refusal(), Outcome::dhcp_malformed);
}

TEST(DhcpView, OpMustBeRequestOrReply) {
  Octets message = captured_payload("ipxe_discover");
  for (unsigned op = 0; op < 256; ++op) {
    message[0] = static_cast<std::uint8_t>(op);
    EXPECT_EQ(static_cast<bool>(DhcpView::parse(message)), op == 1 || op == 2) << op;
  }
}

TEST(DhcpView, HardwareAddressLengths) {
  Octets message = captured_payload("ipxe_discover");
  for (unsigned hlen = 0; hlen < 256; ++hlen) {
    message[2] = static_cast<std::uint8_t>(hlen);
    const auto view = DhcpView::parse(message);
    ASSERT_EQ(static_cast<bool>(view), hlen <= 16) << hlen;
    if (view) {
      EXPECT_EQ(view->hlen(), hlen);
    } else {
      EXPECT_EQ(view.refusal(), Outcome::dhcp_malformed);
    }
  }
}

TEST(DhcpView, BootpHasNoTypeAndMayHaveNoCookie) {
  Octets message = with_options(filled_field(60, {12, 2, 'p', 'c', 255}));
  auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->type(), DhcpType::none);
  EXPECT_EQ(view->option_text(DhcpOption::host_name), "pc");

  message[236] = 0;  // no cookie: what follows are no options
  view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->type(), DhcpType::none);
  EXPECT_FALSE(view->has(DhcpOption::host_name));

  message.pop_back();  // 299 octets are less than RFC 951's fixed message
  EXPECT_EQ(DhcpView::parse(message).refusal(), Outcome::dhcp_malformed);
}

TEST(DhcpView, UnknownTypesAreKept) {
  const Octets message = with_options({53, 1, 13});
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(static_cast<unsigned>(view->type()), 13U);
}

TEST(DhcpView, TypeMustBeOneOctet) {
  EXPECT_EQ(DhcpView::parse(with_options({53, 0})).refusal(), Outcome::dhcp_bad_options);
  EXPECT_EQ(DhcpView::parse(with_options({53, 2, 1, 1})).refusal(), Outcome::dhcp_bad_options);
  // Twice: joined it has two octets, and which one is meant?
  EXPECT_EQ(DhcpView::parse(with_options({53, 1, 1, 53, 1, 7})).refusal(),
            Outcome::dhcp_bad_options);
}

TEST(DhcpView, PadsAndAMissingEndAreFine) {
  const Octets message = with_options({0, 0, 53, 1, 1, 0, 12, 1, 'x'});
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->type(), DhcpType::discover);
  EXPECT_EQ(view->option_text(DhcpOption::host_name), "x");
  const Octets none = with_options({});
  EXPECT_TRUE(DhcpView::parse(none));
}

TEST(DhcpView, WhatFollowsEndIsNotRead) {
  const Octets message = with_options({53, 1, 1, 255, 12, 200});
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_FALSE(view->has(DhcpOption::host_name));
}

TEST(DhcpView, OptionsThatRunPastTheirField) {
  for (const Octets& options :
       {Octets{12}, Octets{12, 1}, Octets{12, 255, 1, 2, 3}, Octets{53, 1, 1, 61, 4, 1, 2, 3}}) {
    EXPECT_EQ(DhcpView::parse(with_options(options)).refusal(), Outcome::dhcp_bad_options);
  }
  // One octet into sname's neighbour counts as well, though it is inside the message.
  Octets message = with_options({53, 1, 1, 52, 1, 1, 255});
  put(message, 108, filled_field(128, {}));
  put(message, 108 + 126, {12, 1});
  EXPECT_EQ(DhcpView::parse(message).refusal(), Outcome::dhcp_bad_options);
}

TEST(DhcpView, OptionsWithoutAValueAreKept) {
  const Octets message = with_options({53, 1, 1, 61, 0, 82, 0, 255});
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  ASSERT_TRUE(view->has(DhcpOption::client_identifier));
  EXPECT_TRUE(view->option(DhcpOption::client_identifier)->empty());
  EXPECT_EQ(view->option_text(DhcpOption::client_identifier), "");
  EXPECT_EQ(view->option_u8(DhcpOption::client_identifier), std::nullopt);
  EXPECT_EQ(view->relay_option(RelayOption::circuit_id), std::nullopt);
}

TEST(DhcpView, ValuesOfAnotherLengthAreNoNumbers) {
  const Octets message = with_options({57, 3, 1, 2, 3, 51, 2, 1, 2, 52 + 2, 5, 1, 2, 3, 4, 5});
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->option_u16(DhcpOption::maximum_message_size), std::nullopt);
  EXPECT_EQ(view->option_u32(DhcpOption::lease_time), std::nullopt);
  EXPECT_EQ(view->option_address(DhcpOption::server_identifier), std::nullopt);
  EXPECT_EQ(view->option_u8(DhcpOption::host_name), std::nullopt);
}

TEST(DhcpView, ManyInstancesAreAFlood) {
  Octets options;
  for (std::size_t i = 0; i < DhcpView::kInstancesMax; ++i) {
    options.insert(options.end(), {static_cast<std::uint8_t>(60 + i), 0});
  }
  EXPECT_TRUE(DhcpView::parse(with_options(options)));
  options.insert(options.end(), {3, 0});
  EXPECT_EQ(DhcpView::parse(with_options(options)).refusal(), Outcome::dhcp_bad_options);
}

TEST(DhcpView, InstancesOfOneCodeAreJoinedInOrder) {
  const Octets message =
      with_options({53, 1, 1, 12, 2, 'a', 'b', 43, 1, 9, 12, 0, 12, 1, 'c', 43, 2, 8, 7, 255});
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->option_text(DhcpOption::host_name), "abc");
  EXPECT_EQ(octets(*view->option(DhcpOption::vendor_specific)), (Octets{9, 8, 7}));
  EXPECT_EQ(view->type(), DhcpType::discover);
}

TEST(DhcpView, LongOptionsGoOnThroughFileAndSname) {
  Octets message = with_options({53, 1, 1, 52, 1, 3, 67, 1, '1', 255});
  put(message, 108, filled_field(128, {67, 1, '2', 52, 1, 3, 255, 67, 1, 'x'}));
  put(message, 44, filled_field(64, {67, 1, '3'}));
  const auto view = DhcpView::parse(message);
  // The 52 inside file makes two of them, which changes nothing: no field is entered again.
  ASSERT_TRUE(view);
  EXPECT_EQ(view->option_text(DhcpOption::boot_file_name), "123");
  EXPECT_EQ(view->file(), "");
  EXPECT_EQ(view->sname(), "");
}

TEST(DhcpView, OverloadNamesTheFields) {
  Octets message = with_options({53, 1, 1, 52, 1, 1, 255});
  put(message, 108, filled_field(128, {12, 1, 'f', 255}));
  put(message, 44, filled_field(64, {'n', 'a', 'm', 'e'}));
  auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->option_text(DhcpOption::host_name), "f");
  EXPECT_EQ(view->sname(), "name");

  message = with_options({53, 1, 1, 52, 1, 2, 255});
  put(message, 108, filled_field(128, {'b', 'o', 'o', 't'}));
  put(message, 44, filled_field(64, {12, 1, 's', 255}));
  view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->option_text(DhcpOption::host_name), "s");
  EXPECT_EQ(view->file(), "boot");
}

TEST(DhcpView, OverloadWithAnotherValueIsRefused) {
  for (const Octets& options :
       {Octets{52, 1, 0}, Octets{52, 1, 4}, Octets{52, 0}, Octets{52, 2, 1, 1}}) {
    EXPECT_EQ(DhcpView::parse(with_options(options)).refusal(), Outcome::dhcp_bad_options);
  }
}

TEST(DhcpView, TextFieldsMayFillTheirField) {
  Octets message = with_options({53, 1, 1});
  put(message, 44, Octets(64, 's'));
  put(message, 108, Octets(128, 'f'));
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->sname(), std::string(64, 's'));
  EXPECT_EQ(view->file(), std::string(128, 'f'));
}

TEST(DhcpView, JoinedOptionsAreBounded) {
  Octets options;
  for (int i = 0; i < 4; ++i) {
    options.insert(options.end(), {43, 255});
    options.resize(options.size() + 255, static_cast<std::uint8_t>(i));
  }
  Octets message = with_options(options);
  auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->option(DhcpOption::vendor_specific)->size(), 1020U);
  EXPECT_EQ(view->option(DhcpOption::vendor_specific)->back(), 3);

  options.insert(options.end(), {43, 5, 1, 2, 3, 4, 5});
  message = with_options(options);
  EXPECT_EQ(DhcpView::parse(message).refusal(), Outcome::dhcp_bad_options);
}

TEST(DhcpView, RelayInformation) {
  const Octets message = with_options(
      {53, 1, 1, 82, 18, 1, 4, 'e', 't', 'h', '7', 5, 4, 10, 9, 0, 0, 11, 4, 10, 9, 0, 1, 255});
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(octets(*view->relay_option(RelayOption::circuit_id)), (Octets{'e', 't', 'h', '7'}));
  EXPECT_EQ(octets(*view->relay_option(RelayOption::link_selection)), (Octets{10, 9, 0, 0}));
  EXPECT_EQ(octets(*view->relay_option(RelayOption::server_id_override)), (Octets{10, 9, 0, 1}));
  EXPECT_EQ(view->relay_option(RelayOption::remote_id), std::nullopt);
}

TEST(DhcpView, SubOptionsThatRunPastTheirOptionAreNotThere) {
  // Circuit-id says 9 octets where 2 are left; the option after 82 is not part of it.
  const Octets message =
      with_options({82, 8, 2, 2, 'a', 'b', 1, 9, 'c', 'd', 12, 3, 'p', 'c', '1'});
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->relay_option(RelayOption::remote_id));
  EXPECT_EQ(view->relay_option(RelayOption::circuit_id), std::nullopt);
  EXPECT_EQ(view->option_text(DhcpOption::host_name), "pc1");
  const Octets lonely_code = with_options({82, 1, 1});
  EXPECT_EQ(DhcpView::parse(lonely_code)->relay_option(RelayOption::circuit_id), std::nullopt);
}

TEST(DhcpView, VendorOptionsHavePadAndEndAndRelayInformationHasNot) {
  const Octets message = with_options({43, 7, 0, 6, 1, 8, 255, 9, 0, 82, 6, 0, 1, 7, 255, 1, 3});
  const auto view = DhcpView::parse(message);
  ASSERT_TRUE(view);
  EXPECT_EQ(octets(*view->suboption(DhcpOption::vendor_specific, 6)), (Octets{8}));
  EXPECT_EQ(view->suboption(DhcpOption::vendor_specific, 9), std::nullopt);
  EXPECT_EQ(octets(*view->suboption(DhcpOption::relay_agent_information, 255)), (Octets{3}));
}

TEST(DhcpView, CopiesKeepJoinedOptions) {
  const Octets message = with_options({12, 1, 'a', 12, 1, 'b', 15, 1, 'd'});
  DhcpView copy;
  {
    const auto view = DhcpView::parse(message);
    ASSERT_TRUE(view);
    copy = *view;
  }
  EXPECT_EQ(copy.option_text(DhcpOption::host_name), "ab");
  EXPECT_EQ(copy.option_text(DhcpOption::domain_name), "d");
}

}  // namespace
}  // namespace reveille::wire
