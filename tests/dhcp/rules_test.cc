// Rules on the wire: what the DHCP server and ProxyDHCP do with a decision.
#include <gtest/gtest.h>

#include "dhcp/lab.h"
#include "policy/rule_builder.h"

namespace reveille::test {
namespace {

Config with_rules(std::vector<RuleConfig> rules, Config config = campus_config()) {
  config.rules = std::move(rules);
  return config;
}
RuleConfig answering(RuleAnswer answer, Condition when) {
  RuleConfig made = rule(std::move(when));
  made.name = "turned away";
  made.answer = answer;
  return made;
}
Condition from(const MacAddress& mac) {
  return value(RuleField::mac, mac.number());
}

const Option kPxe{DhcpOption::vendor_class, bytes("PXEClient:Arch:00007:UNDI:003000")};
const Option kUefi{DhcpOption::client_architecture, {0, 7}};

TEST(ServerRules, GiveFileNextServerRootPathAndOptions) {
  RuleConfig one = rule(is_arch(7), "rack.efi");
  one.next_server = Ipv4Address::of(10, 77, 0, 200);
  one.root_path = "aoe:e1.2";
  one.options = {{42, {10, 77, 0, 5}}};
  Config config = with_rules({one});
  config.subnets[0].options = {{17, {'s'}}, {42, {9, 9, 9, 9}}, {26, {5, 220}}};
  Lab lab(config);
  for (const DhcpType type : {DhcpType::discover, DhcpType::request}) {
    Message message{.type = type, .options = {kPxe, kUefi}};
    if (type == DhcpType::request) {
      message.requested = Ipv4Address::of(10, 77, 0, 10);
      message.server = kServer;
    }
    const Sent reply = lab.send(message).reply();
    const wire::DhcpView view = reply.view();
    EXPECT_EQ(view.file(), "rack.efi");
    EXPECT_EQ(view.siaddr(), Ipv4Address::of(10, 77, 0, 200));
    EXPECT_EQ(view.option_text(DhcpOption::root_path), "aoe:e1.2");
    EXPECT_EQ(view.option_address(DhcpOption{42}), Ipv4Address::of(10, 77, 0, 5));
    EXPECT_EQ(view.option_u16(DhcpOption::interface_mtu), 1500);
    // Each once, although the subnet says them too.
    const auto codes = reply.option_codes();
    EXPECT_EQ(std::ranges::count(codes, 17), 1);
    EXPECT_EQ(std::ranges::count(codes, 42), 1);
  }
  const Option bios{DhcpOption::vendor_class, bytes("PXEClient:Arch:00000:UNDI:002001")};
  const Sent other = lab.send({.mac = machine(2), .options = {bios}}).reply();
  EXPECT_EQ(other.view().option_text(DhcpOption::root_path), "s");
}

TEST(ServerRules, OptionsAreForOperatingSystemsToo) {
  RuleConfig one = rule(matches(RuleField::host_name, {"^db"}), "rack.efi");
  one.options = {{42, {10, 77, 0, 5}}};
  Lab lab(with_rules({one}));
  const Sent offer = lab.send({.options = {{DhcpOption::host_name, bytes("db-1")}}}).reply();
  EXPECT_EQ(offer.view().option_address(DhcpOption{42}), Ipv4Address::of(10, 77, 0, 5));
  // But no boot file: it did not ask for one.
  EXPECT_EQ(offer.view().file(), "");
  const Sent asks = lab.send({.options = {{DhcpOption::host_name, bytes("db-1")},
                                          {DhcpOption::parameter_request_list, {67}}}})
                        .reply();
  EXPECT_EQ(asks.view().file(), "rack.efi");
}

TEST(ServerRules, ADeniedMachineHearsNakOrNothing) {
  Lab lab(with_rules({answering(RuleAnswer::deny, from(kMachine))}));
  const Heard discover = lab.send({});
  EXPECT_EQ(discover.outcome, Outcome::dhcp_denied);
  EXPECT_TRUE(discover.replies.empty());
  ASSERT_EQ(discover.events.size(), 1U);
  EXPECT_EQ(discover.events[0].kind, EventKind::dhcp_denied);
  EXPECT_EQ(discover.events[0].text(), "turned away");

  const Ipv4Address wanted = Ipv4Address::of(10, 77, 0, 12);
  const Heard request =
      lab.send({.type = DhcpType::request, .requested = wanted, .server = kServer});
  EXPECT_EQ(request.outcome, Outcome::dhcp_nakked);
  EXPECT_EQ(request.reply().type(), DhcpType::nak);
  ASSERT_EQ(request.events.size(), 1U);
  EXPECT_EQ(request.events[0].outcome, Outcome::dhcp_denied);
  EXPECT_EQ(request.events[0].address, wanted);
  const Heard renewal = lab.send({.type = DhcpType::request, .ciaddr = wanted, .to = kServer});
  EXPECT_EQ(renewal.reply().type(), DhcpType::nak);
  // What it agreed with another server is no business of ours.
  const Heard other = lab.send(
      {.type = DhcpType::request, .requested = wanted, .server = Ipv4Address::of(10, 77, 0, 99)});
  EXPECT_EQ(other.outcome, Outcome::dhcp_other_server);
  EXPECT_TRUE(other.replies.empty());
  EXPECT_EQ(lab.send({.type = DhcpType::inform, .ciaddr = wanted}).outcome, Outcome::dhcp_denied);
  EXPECT_EQ(lab.send({.type = DhcpType::none}).outcome, Outcome::dhcp_denied);
  // Everyone else is served.
  EXPECT_FALSE(lab.lease(machine(5)).is_zero());
}

TEST(ServerRules, AnIgnoredMachineHearsNothingAndNobodyHearsOfIt) {
  Lab lab(with_rules({answering(RuleAnswer::ignore, from(kMachine))}));
  const Ipv4Address wanted = Ipv4Address::of(10, 77, 0, 12);
  const Message messages[] = {{},
                              {.type = DhcpType::request, .requested = wanted, .server = kServer},
                              {.type = DhcpType::request, .ciaddr = wanted, .to = kServer},
                              {.type = DhcpType::inform, .ciaddr = wanted},
                              {.type = DhcpType::none}};
  for (const Message& message : messages) {
    const Heard heard = lab.send(message);
    EXPECT_EQ(heard.outcome, Outcome::dhcp_ignored);
    EXPECT_TRUE(heard.replies.empty());
    EXPECT_TRUE(heard.events.empty());
  }
  EXPECT_FALSE(lab.lease(machine(5)).is_zero());
}

TEST(ServerRules, WhatIsGivenBackIsTakenFromEveryone) {
  const Option phone{DhcpOption::vendor_class, bytes("phone")};
  Lab lab(with_rules({answering(RuleAnswer::deny, matches(RuleField::vendor_class, {"phone"}))}));
  const Ipv4Address address = lab.lease(kMachine);
  ASSERT_FALSE(address.is_zero());
  const Heard heard = lab.send({.type = DhcpType::release,
                                .ciaddr = address,
                                .server = kServer,
                                .options = {phone},
                                .to = kServer});
  EXPECT_EQ(heard.outcome, Outcome::dhcp_released);
  EXPECT_EQ(lab.send({.type = DhcpType::decline,
                      .requested = address,
                      .server = kServer,
                      .options = {phone}})
                .outcome,
            Outcome::dhcp_decline_unknown);
}

TEST(ServerRules, KnowWhereAClientIs) {
  Lab lab(with_rules({rule(in_network(RuleField::subnet, "10.99.0.0/16"), "behind-relays.efi"),
                      rule(value(RuleField::vlan, 78), "on-vlan.efi"),
                      rule(in_network(RuleField::subnet, "10.77.0.0/16"), "here.efi")}));
  const std::vector<Option> options{kPxe, kUefi};
  EXPECT_EQ(lab.send({.options = options}).reply().view().file(), "here.efi");
  EXPECT_EQ(lab.send({.options = options, .station = 1}).reply().view().file(), "on-vlan.efi");
  EXPECT_EQ(
      lab.send({.mac = machine(3), .giaddr = kRelay, .options = options}).reply().view().file(),
      "behind-relays.efi");
}

TEST(ServerRules, ARelayWithAnAddressElsewhereStandsInItsSubnet) {
  Config config = with_rules({rule(in_network(RuleField::subnet, "10.99.0.0/16"), "rack.efi")});
  const Ipv4Address elsewhere = Ipv4Address::of(192, 168, 7, 1);
  config.subnets[2].relays = {elsewhere};
  Lab lab(config);
  const Message message{.giaddr = elsewhere, .options = {kPxe, kUefi}};
  EXPECT_EQ(lab.send(message).reply().view().file(), "rack.efi");
}

TEST(ServerRules, RacksAreToldApartByTheirCircuit) {
  Lab lab(with_rules({rule(matches(RuleField::circuit_id, {"^ge-0/0/7$"}), "seven.efi"),
                      rule(matches(RuleField::remote_id, {R"(^\x02\x00)"}), "switch.efi")}));
  const auto boots = [&](std::uint32_t client, const Octets& relay_information) {
    return std::string(
        lab.send(
               {.mac = machine(client),
                .giaddr = kRelay,
                .options = {kPxe, kUefi, {DhcpOption::relay_agent_information, relay_information}}})
            .reply()
            .view()
            .file());
  };
  const Octets seven = suboption(wire::RelayOption::circuit_id, bytes("ge-0/0/7"));
  const Octets port = suboption(wire::RelayOption::remote_id, {2, 0, 0, 0, 0, 1});
  EXPECT_EQ(boots(1, seven), "seven.efi");
  EXPECT_EQ(boots(2, suboption(wire::RelayOption::circuit_id, bytes("ge-0/0/77"))), "");
  EXPECT_EQ(boots(3, port), "switch.efi");
  EXPECT_EQ(boots(4, concatenated({seven, port})), "seven.efi");
}

TEST(ServerRules, HostileFieldsMatchWhatTheyHoldAndHarmNobody) {
  Lab lab(with_rules({rule(matches(RuleField::host_name, {"^victim$"}), "victim.efi"),
                      rule(matches(RuleField::host_name, {R"(^[\x00-\x1f])"}), "control.efi")}));
  const auto boots = [&](std::uint32_t client, Octets name) {
    return std::string(
        lab.send({.mac = machine(client), .options = {kPxe, kUefi, {DhcpOption::host_name, name}}})
            .reply()
            .view()
            .file());
  };
  EXPECT_EQ(boots(1, bytes(".*")), "");
  EXPECT_EQ(boots(2, bytes("victim\nvictim")), "");
  EXPECT_EQ(boots(3, bytes("\x01victim")), "control.efi");
  EXPECT_EQ(boots(4, Octets(255, 0xff)), "");
  EXPECT_EQ(boots(5, bytes("victim")), "victim.efi");
}

TEST(ServerRules, HoldOnEveryWorker) {
  Lab lab(
      with_rules({rule(matches(RuleField::vendor_class, {"^PXE"}), "all.efi")}, campus_config(100)),
      4);
  for (std::uint32_t i = 0; i < 8; ++i) {
    const Message message{.mac = machine(i), .giaddr = kRelay, .options = {kPxe, kUefi}};
    EXPECT_EQ(lab.send(message).reply().view().file(), "all.efi") << i;
  }
}

}  // namespace
}  // namespace reveille::test
