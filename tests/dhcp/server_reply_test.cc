// What stands in a reply and in which order: options, limits, echoes.
#include <algorithm>

#include <gtest/gtest.h>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

std::vector<int> codes_for(Lab& lab, Octets list) {
  return lab.send({.options = {{DhcpOption::parameter_request_list, std::move(list)}}})
      .reply()
      .option_codes();
}

TEST(Options, FollowTheParameterRequestListAndThenComesTheRest) {
  Lab lab;
  const std::vector<int> codes = codes_for(lab, {15, 6, 28, 1});
  EXPECT_EQ(codes, (std::vector<int>{53, 54, 51, 15, 6, 28, 1, 58, 59, 3}));
  EXPECT_EQ(codes_for(lab, {}), (std::vector<int>{53, 54, 51, 1, 58, 59, 3, 6, 15}));
}

TEST(Options, AreWrittenOnceHoweverOftenTheyAreAskedFor) {
  Lab lab;
  const std::vector<int> codes = codes_for(lab, {1, 1, 51, 53, 54, 255, 0, 82, 3, 1});
  EXPECT_EQ(codes, (std::vector<int>{53, 54, 51, 1, 3, 58, 59, 6, 15}));
}

TEST(Options, HaveTheValuesOfTheSubnet) {
  Lab lab;
  const Sent reply = lab.send({}).reply();
  const wire::DhcpView view = reply.view();
  EXPECT_EQ(view.option_address(DhcpOption::router), Ipv4Address::of(10, 77, 0, 254));
  const auto servers = view.option(DhcpOption::domain_name_server);
  ASSERT_TRUE(servers.has_value());
  EXPECT_EQ(Octets(servers->begin(), servers->end()), (Octets{10, 77, 0, 53, 10, 77, 0, 54}));
  EXPECT_EQ(view.option_text(DhcpOption::domain_name), "lab.example");
}

TEST(Options, ConfiguredAsBytesGoBeforeOursAndNeverReplaceTheServersOwn) {
  Config config = small_config();
  config.subnets[0].options = {
      {42, {10, 77, 0, 123}}, {3, {10, 77, 0, 9}}, {53, {99}}, {54, {1, 1, 1, 1}}};
  Lab lab(config);
  const Sent offer = lab.send({}).reply();
  const wire::DhcpView view = offer.view();
  EXPECT_EQ(view.option_address(DhcpOption::router), Ipv4Address::of(10, 77, 0, 9));
  EXPECT_EQ(view.option_address(static_cast<DhcpOption>(42)), Ipv4Address::of(10, 77, 0, 123));
  EXPECT_EQ(view.type(), DhcpType::offer);
  EXPECT_EQ(view.option_address(DhcpOption::server_identifier), kServer);
  const std::vector<int> codes = offer.option_codes();
  EXPECT_EQ(std::count(codes.begin(), codes.end(), 3), 1);
}

TEST(Options, TheClientIdIsEchoed) {  // RFC 6842
  Lab lab;
  const Octets id{1, 0x52, 0x54, 0, 0x12, 0x34, 0x56};
  const auto echo_in = [&](const Sent& sent) {
    const wire::DhcpView view = sent.view();
    const auto echo = view.option(DhcpOption::client_identifier);
    return echo ? Octets(echo->begin(), echo->end()) : Octets{};
  };
  const std::vector<Option> with_id{{DhcpOption::client_identifier, id}};
  EXPECT_EQ(echo_in(lab.send({.options = with_id}).reply()), id);
  EXPECT_EQ(echo_in(lab.send({.type = DhcpType::request,
                              .requested = kFirst,
                              .server = kServer,
                              .options = with_id})
                        .reply()),
            id);
  EXPECT_EQ(echo_in(lab.send({.type = DhcpType::request,
                              .requested = Ipv4Address::of(1, 2, 3, 4),
                              .options = with_id})
                        .reply()),
            id);
  EXPECT_FALSE(lab.send({.mac = machine(1)}).reply().view().has(DhcpOption::client_identifier));
}

TEST(MessageSize, IsAsMuchAsTheClientTakes) {
  Config config = small_config();
  config.subnets[0].options = {{42, Octets(240, 1)}, {43, Octets(240, 2)}, {44, Octets(240, 3)}};
  Lab lab(config);
  const auto length_with = [&](std::uint16_t size) {
    Octets value(2);
    store_be16(value.data(), size);
    return lab.send({.options = {{DhcpOption::maximum_message_size, value}}})
        .reply()
        .payload()
        .size();
  };
  EXPECT_LE(lab.send({}).reply().payload().size(), 548U);  // 576 less IP and UDP
  EXPECT_GT(lab.send({}).reply().payload().size(), 500U);
  EXPECT_LE(length_with(100), 548U);  // less than 576 is not believed (RFC 2132 9.10)
  EXPECT_GT(length_with(100), 300U);
  EXPECT_GT(length_with(1472), 960U);
  EXPECT_LE(length_with(0xffff), 1472U);  // nor more than the link carries
}

TEST(MessageSize, WhatDoesNotFitGoesToSnameAndFileByOverload) {
  Config config = small_config();
  config.subnets[0].options = {{42, Octets(240, 1)}, {43, Octets(100, 2)}, {44, Octets(50, 3)}};
  Lab lab(config);
  const Sent reply = lab.send({}).reply();
  const wire::DhcpView view = reply.view();
  EXPECT_TRUE(view.has(DhcpOption::overload));
  for (const int code : {42, 43, 44}) {
    EXPECT_TRUE(view.has(static_cast<DhcpOption>(code))) << code;
  }
}

TEST(LongOptions, AreSplitAndJoinedAgain) {  // RFC 3396
  Config config = small_config();
  config.subnets[0].options = {{119, Octets(400, 7)}};
  Lab lab(config);
  const Sent offer =
      lab.send({.options = {{DhcpOption::maximum_message_size, {5, 192}}}}).reply();  // 1472
  const std::vector<int> codes = offer.option_codes();
  EXPECT_EQ(std::count(codes.begin(), codes.end(), 119), 2);
  const wire::DhcpView view = offer.view();
  EXPECT_EQ(view.option(static_cast<DhcpOption>(119))->size(), 400U);
}

TEST(LongOptions, OfTheClientAreReadAsOne) {
  Config config = small_config();
  config.dhcp.identity = Identity::client_id;
  Lab lab(config);
  Octets id(300, 1);
  const Ipv4Address first = lab.lease(kMachine, {{DhcpOption::client_identifier, id}});
  id.back() = 2;  // they differ in the second instance only
  EXPECT_NE(lab.lease(kMachine, {{DhcpOption::client_identifier, id}}), first);
}

TEST(RelayInformation, IsEchoedAsItIsAndLast) {
  Lab lab(campus_config());
  const Octets information =
      concatenated({suboption(wire::RelayOption::circuit_id, bytes("rack 3 port 17")),
                    suboption(wire::RelayOption::remote_id, {1, 2, 3})});
  const Sent offer =
      lab.send({.giaddr = kRelay, .options = {{DhcpOption::relay_agent_information, information}}})
          .reply();
  EXPECT_EQ(offer.option_codes().back(), 82);
  const wire::DhcpView view = offer.view();
  const auto echo = view.option(DhcpOption::relay_agent_information);
  ASSERT_TRUE(echo.has_value());
  EXPECT_EQ(Octets(echo->begin(), echo->end()), information);
}

TEST(RelayInformation, ThatDoesNotFitTheReplyMakesItTooLong) {
  Lab lab(campus_config());
  const Octets huge = suboption(wire::RelayOption::circuit_id, Octets(253, 1));
  const Heard heard =
      lab.send({.giaddr = kRelay,
                .options = {{DhcpOption::relay_agent_information, concatenated({huge, huge})}}});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_reply_too_long);
  EXPECT_TRUE(heard.replies.empty());
  EXPECT_EQ(lab.counts(2).offered, 0U);
}

// Whatever a relay makes us echo: there is no lease without the words that give it.
TEST(RelayInformation, NeverTakesTheRoomOfWhatGivesALease) {
  std::size_t refused = 0;
  for (std::size_t length = 1; length <= 60; ++length) {
    const Octets information =
        concatenated({suboption(wire::RelayOption::circuit_id, Octets(240, 1)),
                      suboption(wire::RelayOption::remote_id, Octets(length, 2))});
    const std::vector<Option> options{{DhcpOption::relay_agent_information, information}};
    for (const DhcpType type : {DhcpType::discover, DhcpType::request}) {
      Lab lab(campus_config());
      const Ipv4Address wanted = Ipv4Address::of(10, 99, 1, 0);
      const Heard heard = lab.send({.type = type,
                                    .giaddr = kRelay,
                                    .requested = wanted,
                                    .server = kServer,
                                    .options = options});
      if (heard.replies.empty()) {
        EXPECT_EQ(heard.outcome, Outcome::dhcp_reply_too_long);
        EXPECT_EQ(lab.lease_at(wanted)->state, LeaseState::free);
        ++refused;
        continue;
      }
      const wire::DhcpView view = heard.reply().view();
      for (const DhcpOption code : {DhcpOption::message_type, DhcpOption::server_identifier,
                                    DhcpOption::lease_time, DhcpOption::relay_agent_information}) {
        EXPECT_TRUE(view.has(code)) << static_cast<int>(code) << " with " << length << " octets";
      }
    }
  }
  EXPECT_GT(refused, 0U);
  EXPECT_LT(refused, 20U);
}

TEST(RelayInformation, ANakWithoutRoomForItsWordsIsNotSent) {
  Lab lab(campus_config());
  const Octets information = concatenated({suboption(wire::RelayOption::circuit_id, Octets(240, 1)),
                                           suboption(wire::RelayOption::remote_id, Octets(58, 2))});
  const Heard heard = lab.send({.type = DhcpType::request,
                                .giaddr = kRelay,
                                .requested = kFirst,
                                .options = {{DhcpOption::relay_agent_information, information}}});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_reply_too_long);
  EXPECT_TRUE(heard.replies.empty());
}

TEST(RelayInformation, ThatLiesAboutItsLengthsIsOnlyEchoed) {
  Lab lab(campus_config());
  const Octets lies{5, 200, 10, 78, 0, 1};  // link selection that says 200 octets
  const Heard heard =
      lab.send({.giaddr = kRelay, .options = {{DhcpOption::relay_agent_information, lies}}});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_offered);
  EXPECT_EQ(heard.reply().yiaddr(), Ipv4Address::of(10, 99, 1, 0));
}

}  // namespace
}  // namespace reveille::test
