// `reveille explain` for a client that the command line describes.
#include "control/explain/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control/explain/question.h"
#include "test_folder.h"

namespace reveille {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kConfig = R"(
[[interface]]
interface = "eth1"
address = "10.77.0.1/16"
  [[interface.vlan]]
  id = 20
  address = "10.20.0.1/24"
[[subnet]]
prefix = "10.77.0.0/16"
pools = ["10.77.1.0-10.77.1.99"]
[[subnet]]
prefix = "10.20.0.0/24"
pools = ["10.20.0.100-10.20.0.199"]
[[subnet]]
prefix = "10.90.0.0/16"
pools = ["10.90.1.0-10.90.1.99"]
[[host]]
mac = "52:54:00:00:00:07"
address = "10.77.0.7"
host_name = "seven"
boot_file = "seven.efi"
[[rule]]
name = "one machine"
when.mac = "52:54:00:12:34:56"
boot_file = "rescue.efi"
[[rule]]
name = "rack 7"
when.circuit_id = '^ge-0/0/7\.'
when.arch = ["x64-uefi", "arm-64-bit-uefi"]
boot_file = "rack.efi"
[[rule]]
name = "far away"
when.vlan = 20
when.relay = "10.90.0.0/16"
when.host_name = 'x'
boot_file = "never.efi"
[[rule]]
name = "uefi"
when.firmware = "uefi"
boot_file = "menu.ipxe"
[[rule]]
name = "not the test machines"
when.arch = "x64-uefi"
when.not = { host_name = '^test' }
[[rule]]
name = "phones"
when.vendor_class = '^AVAYA'
deny = true
)";

class Explain : public testing::Test {
 protected:
  void SetUp() override { start(kConfig); }

  void start(const std::string& toml) {
    ParsedConfig parsed = parse_config(toml, "r.toml");
    ASSERT_EQ(parsed.problems.text(), "");
    origins_ = std::move(parsed.origins);
    const auto config = std::make_shared<const Config>(std::move(parsed.config));
    auto started = Rehearsal::start(config, stations_of(*config, std::nullopt));
    ASSERT_TRUE(started) << started.error();
    rehearsal_ = std::move(*started);
    words_.mac = "52:54:00:aa:01:01";
  }

  Explanation ask(std::size_t rules_max = 5) {
    const auto question = compose(words_);
    EXPECT_TRUE(question) << question.error();
    const auto request = request_of(*question, rehearsal_->snapshot().stations);
    EXPECT_TRUE(request) << request.error();
    return explain(*rehearsal_, *request, Instant{} + 1s, origins_, rules_max);
  }

  Origins origins_;
  std::unique_ptr<Rehearsal> rehearsal_;
  ClientWords words_;
};

TEST_F(Explain, NamesTheRuleThatDecidesAndThoseThatCameClose) {
  words_.architecture = "x64-uefi";
  const Explanation told = ask();
  ASSERT_TRUE(told.decided);
  EXPECT_EQ(told.decided->name, "uefi");
  EXPECT_EQ(told.decided->rule, 3U);
  EXPECT_EQ(told.decided->line, 37U);
  EXPECT_EQ(told.machine, "x64 UEFI");
  ASSERT_EQ(told.near.size(), 3U);
  EXPECT_EQ(told.near[0].name, "one machine");
  EXPECT_THAT(told.near[0].failed,
              ElementsAre("mac should be 52:54:00:12:34:56, and is 52:54:00:aa:01:01"));
  EXPECT_EQ(told.near[1].name, "rack 7");
  EXPECT_THAT(told.near[1].failed,
              ElementsAre("circuit_id should match '^ge-0/0/7\\.', and there is none"));
  EXPECT_EQ(told.near[2].name, "far away");
  EXPECT_EQ(told.near[2].failed.size(), 3U);
  ASSERT_EQ(told.also.size(), 1U);
  EXPECT_EQ(told.also[0].name, "not the test machines");
  // menu.ipxe is a script, which UEFI cannot run.
  EXPECT_EQ(told.boot_file, "");
  EXPECT_THAT(told.boot_file_reason, HasSubstr("the rule's \"menu.ipxe\" is not for this client"));
  EXPECT_EQ(told.outcome, Outcome::dhcp_offered);
}

TEST_F(Explain, SaysSoWhenNoRuleMatches) {
  const Explanation told = ask(1);
  EXPECT_FALSE(told.decided);
  EXPECT_EQ(told.rules, 6U);
  EXPECT_EQ(told.near.size(), 1U);
  EXPECT_EQ(told.near_left_out, 5U);
  EXPECT_THAT(explanation_text(told, "r.toml"), HasSubstr("No rule of 6 matches"));
}

// Beside another DHCP server: no subnet, no address, and the same rules.
TEST_F(Explain, AProxyDecidesByTheSameRules) {
  start(std::string(kConfig) + "[dhcp]\nmode = \"proxy\"\n");
  words_.architecture = "x64-uefi";
  const Explanation told = ask();
  EXPECT_EQ(told.outcome, Outcome::boot_file_unknown) << "menu.ipxe is a script";
  ASSERT_TRUE(told.decided);
  EXPECT_EQ(told.decided->name, "uefi");
  EXPECT_EQ(told.decided->line, 37U);
  ASSERT_EQ(told.near.size(), 3U);
  EXPECT_EQ(told.near[2].name, "far away");
  EXPECT_EQ(told.address_reason, "");
  words_.mac = "52:54:00:12:34:56";
  const Explanation other = ask();
  ASSERT_TRUE(other.decided);
  EXPECT_EQ(other.decided->name, "one machine");
  EXPECT_EQ(other.boot_file, "rescue.efi");
  EXPECT_EQ(other.outcome, Outcome::proxy_offered);
}

TEST_F(Explain, AHostsFileAndAddress) {
  words_.mac = "52:54:00:00:00:07";
  words_.ipxe = false;
  words_.vendor_class = "PXEClient:Arch:00007:UNDI:003016";
  words_.options = {"93=0x0007"};
  const Explanation told = ask();
  EXPECT_EQ(told.boot_file, "seven.efi");
  EXPECT_THAT(told.boot_file_reason, HasSubstr("its [[host]] or [[subnet]] names it"));
  const std::string page = explanation_text(told, "r.toml");
  EXPECT_THAT(page, HasSubstr("[[host]]"));
  EXPECT_THAT(page, HasSubstr("yiaddr"));
  EXPECT_THAT(page, HasSubstr("10.77.0.7"));
  EXPECT_THAT(page, HasSubstr("53  message-type"));
  EXPECT_THAT(page, HasSubstr("OFFER to 10.77.0.7 port 68"));
}

TEST_F(Explain, RelaysAndVlans) {
  words_.architecture = "x64-uefi";
  words_.relay = "10.90.0.1";
  words_.circuit_id = "ge-0/0/7.12";
  const Explanation relayed = ask();
  ASSERT_TRUE(relayed.decided);
  EXPECT_EQ(relayed.decided->name, "rack 7");
  ASSERT_EQ(relayed.replies.size(), 1U);
  EXPECT_EQ(relayed.replies[0].to, "10.90.0.1 port 67");
  EXPECT_EQ(relayed.boot_file, "rack.efi");
  EXPECT_EQ(relayed.replies[0].options.back().code, 82);
  words_.relay.reset();
  words_.circuit_id.reset();
  words_.vlan = "20";
  EXPECT_EQ(ask().station, "10.20.0.1/24");
  words_.vlan = "21";
  const auto question = compose(words_);
  EXPECT_EQ(request_of(*question, rehearsal_->snapshot().stations).error(),
            "no interface has VLAN 21");
}

TEST_F(Explain, WhoIsDeniedHearsNothing) {
  words_.vendor_class = "AVAYA 9608";
  const Explanation told = ask();
  EXPECT_EQ(told.answer, "deny");
  EXPECT_TRUE(told.replies.empty());
  EXPECT_EQ(told.outcome, Outcome::dhcp_denied);
  EXPECT_THAT(explanation_text(told, "r.toml"),
              HasSubstr("Decided by rule 6 \"phones\" (r.toml:45)\n  denied"));
}

TEST_F(Explain, WhatAClientSendsIsSafeToPrint) {
  words_.host_name = std::string("\x1b[2J\nevil", 9);
  const std::string page = explanation_text(ask(), "r.toml");
  EXPECT_THAT(page, HasSubstr("1b:5b:32:4a:0a"));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
}

TEST_F(Explain, AsJson) {
  words_.architecture = "x64-uefi";
  const std::string line = explanation_json(ask());
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["decided"]["rule"], 4);
  EXPECT_EQ(json["decided"]["name"], "uefi");
  EXPECT_EQ(json["near"].size(), 3U);
  EXPECT_EQ(json["outcome"], "dhcp_offered");
  EXPECT_EQ(json["replies"][0]["type"], "OFFER");
  EXPECT_EQ(json["replies"][0]["fields"]["yiaddr"], "10.77.1.0");
  EXPECT_EQ(json["replies"][0]["options"][0]["code"], 53);
  EXPECT_EQ(json["facts"]["arch"], "x64-uefi");
}

TEST_F(Explain, AMessageThatIsNone) {
  std::vector<std::uint8_t> body(20, 0);
  Request request;
  request.link_source = *MacAddress::parse("52:54:00:00:00:01");
  request.body = body;
  request.service = Service::dhcp;
  const Explanation told = explain(*rehearsal_, request, Instant{} + 1s, origins_, 5);
  EXPECT_EQ(told.client, "52:54:00:00:00:01");
  EXPECT_EQ(told.outcome, Outcome::dhcp_malformed);
  EXPECT_TRUE(told.facts.empty());
  EXPECT_THAT(explanation_text(told, "r.toml"), HasSubstr("no DHCP message"));
}

std::string refusal(const ClientWords& words) {
  const auto question = compose(words);
  return question ? "" : question.error();
}

TEST(ExplainWords, EachIsChecked) {
  EXPECT_THAT(refusal({}), HasSubstr("--mac says which machine asks"));
  ClientWords good;
  good.mac = "52:54:00:00:00:01";
  EXPECT_EQ(refusal(good), "");
  const auto with = [&](auto change) {
    ClientWords words = good;
    change(words);
    return refusal(words);
  };
  EXPECT_THAT(with([](auto& w) { w.mac = "ff:ff:ff:ff:ff:ff"; }), HasSubstr("--mac"));
  EXPECT_THAT(with([](auto& w) { w.architecture = "x64-uef"; }),
              HasSubstr("did you mean \"x64-uefi\"?"));
  EXPECT_THAT(with([](auto& w) { w.uuid = "1234"; }), HasSubstr("--uuid"));
  EXPECT_THAT(with([](auto& w) { w.client_id = "zz"; }), HasSubstr("--client-id"));
  EXPECT_THAT(with([](auto& w) { w.vlan = "4095"; }), HasSubstr("--vlan"));
  EXPECT_THAT(with([](auto& w) { w.relay = "10.0.0"; }), HasSubstr("--relay"));
  EXPECT_THAT(with([](auto& w) { w.circuit_id = "x"; }), HasSubstr("give --relay too"));
  EXPECT_THAT(with([](auto& w) { w.message = "offer"; }), HasSubstr("discover, request"));
  EXPECT_THAT(with([](auto& w) { w.requested = "x"; }), HasSubstr("--requested"));
  for (const char* option : {"", "94", "0=x", "255=x", "53=0x01", "94=", "94=0xzz", "x=y"}) {
    EXPECT_THAT(with([&](auto& w) { w.options = {option}; }), HasSubstr("--option")) << option;
  }
  EXPECT_THAT(with([](auto& w) {
                w.options = {"224=" + std::string(1000, 'x'), "225=" + std::string(1000, 'x')};
              }),
              HasSubstr("do not fit into one message"));
}

TEST(ExplainWords, ARequestAsksForWhatIsOffered) {
  ClientWords words;
  words.mac = "52:54:00:00:00:01";
  words.message = "request";
  const auto question =
      compose_request(words, Ipv4Address::of(10, 77, 1, 5), Ipv4Address::of(10, 77, 0, 1));
  ASSERT_TRUE(question);
  const auto view = wire::DhcpView::parse(question->body);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->type(), wire::DhcpType::request);
  EXPECT_EQ(view->option_address(wire::DhcpOption::requested_address)->text(), "10.77.1.5");
  EXPECT_EQ(view->option_address(wire::DhcpOption::server_identifier)->text(), "10.77.0.1");
}

TEST(OptionTexts, InTheirOrderAndEachOnce) {
  std::vector<std::uint8_t> message(240, 0);
  message[0] = 2;
  message[1] = 1;
  message[2] = 6;
  store_be32(&message[236], 0x63825363);
  const auto add = [&](std::initializer_list<std::uint8_t> octets) {
    message.insert(message.end(), octets);
  };
  add({53, 1, 2});
  add({51, 4, 0, 0, 0x0e, 0x10});
  add({3, 8, 10, 0, 0, 1, 10, 0, 0, 2});
  add({224, 2, 0, 7});
  add({224, 1, 9});
  add({67, 3, 'a', 'b', 0});
  add({26, 3, 1, 2, 3});
  add({255});
  const auto texts = option_texts(message);
  std::vector<std::string> lines;
  for (const OptionText& text : texts) {
    lines.push_back(std::to_string(text.code) + " " + text.name + " " + text.value);
  }
  EXPECT_THAT(lines,
              ElementsAre("53 message-type OFFER", "51 lease-time 3600s (1h)",
                          "3 routers 10.0.0.1, 10.0.0.2", "224  00:07:09",
                          "67 boot-file-name \"ab\" and a NUL", "26 interface-mtu 01:02:03"));
  EXPECT_TRUE(option_texts(Bytes{message}.first(100)).empty());
}

}  // namespace
}  // namespace reveille
