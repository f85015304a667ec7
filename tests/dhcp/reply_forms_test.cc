// A reply that is written like an earlier one has the octets that it would have had without it.
#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dhcp/lab.h"
#include "policy/rule_builder.h"

namespace reveille::test {
namespace {

using Random = std::mt19937;

std::uint32_t below(Random& random, std::uint32_t limit) {
  return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random);
}
bool one_in(Random& random, std::uint32_t n) {
  return below(random, n) == 0;
}
Octets random_octets(Random& random, std::size_t length) {
  Octets octets(length);
  for (std::uint8_t& octet : octets) octet = static_cast<std::uint8_t>(below(random, 256));
  return octets;
}

constexpr std::uint32_t kNamed = 7'000'000;  // machines from here on have a host name

// Rules and subnets that say much of what is otherwise the server's own or the client's.
Config configuration() {
  Config config = campus_config(2'400);
  config.subnets[0].prefix = *Ipv4Prefix::parse("10.77.0.0/16");
  config.subnets[0].pools = {{Ipv4Address::of(10, 77, 1, 0), Ipv4Address::of(10, 77, 10, 255)}};
  config.subnets[0].options = {{26, {5, 220}}, {42, {10, 77, 0, 5}}};
  config.subnets[2].options = {{59, {0, 0, 1, 0}}, {97, {1, 2, 3}}, {66, {'h'}}};
  config.boot.default_file = "default.efi";
  RuleConfig disk = rule(is_arch(7), "rack.efi");
  disk.next_server = Ipv4Address::of(10, 77, 0, 200);
  disk.root_path = "aoe:e1.2";
  disk.options = {{43, {6, 1, 8, 255}}, {58, {0, 0, 0, 9}}, {60, {'x'}}, {67, {'f'}}, {97, {9}}};
  RuleConfig none = rule(is_arch(9));
  RuleConfig far = rule(is_arch(11), std::string(200, 'n') + ".efi");
  RuleConfig url = rule(is_arch(16), "http://10.77.0.1/boot.efi");
  config.rules = {disk, none, far, url};
  return config;
}

HostConfig host(std::uint32_t number) {
  return {.mac = machine(number), .host_name = "m" + std::to_string(number)};
}

// Everything but what tells machines of one kind apart.
class Kind {
 public:
  explicit Kind(Random& random) {
    for (unsigned aspect = 0; aspect < kAspects; ++aspect) roll(aspect, random);
  }
  // Another kind, which differs in one thing only.
  void change(Random& random) { roll(below(random, kAspects), random); }

  [[nodiscard]] bool relayed() const { return relayed_; }
  [[nodiscard]] bool named() const { return named_; }
  [[nodiscard]] Message message_of(std::uint32_t number, Random& random) const {
    Message message{
        .mac = machine(number), .xid = below(random, 0xffffffff), .broadcast = one_in(random, 2)};
    for (const auto& option : fixed_) {
      if (option) message.options.push_back(*option);
    }
    const auto add = [&](DhcpOption code, const std::optional<std::size_t>& length) {
      if (length) message.options.push_back({code, random_octets(random, *length)});
    };
    add(DhcpOption::client_identifier, client_id_);
    add(DhcpOption::client_machine_identifier, identifier_);
    if (one_in(random, 2)) {  // of some hours
      message.options.push_back(
          {DhcpOption::lease_time, concatenated({{0, 0}, random_octets(random, 2)})});
    }
    if (!relayed_) return message;
    message.giaddr = kRelay;
    if (circuit_) {
      message.options.push_back(
          {DhcpOption::relay_agent_information,
           suboption(wire::RelayOption::circuit_id, random_octets(random, *circuit_))});
    }
    return message;
  }

 private:
  static constexpr unsigned kFixed = 6;
  static constexpr unsigned kAspects = kFixed + 5;

  void roll(unsigned aspect, Random& random) {
    if (aspect < kFixed) {
      fixed_[aspect] = fixed(aspect, random);
      return;
    }
    switch (aspect - kFixed) {
      case 0:
        relayed_ = one_in(random, 3);
        return;
      case 1:
        named_ = one_in(random, 10);
        return;
      case 2:
        client_id_.reset();
        if (one_in(random, 2)) client_id_ = 8 + below(random, one_in(random, 8) ? 300 : 20);
        return;
      case 3:
        identifier_.reset();
        if (!one_in(random, 3)) identifier_ = one_in(random, 6) ? below(random, 30) : 17;
        return;
      default:
        circuit_.reset();
        if (one_in(random, 2)) circuit_ = 1 + below(random, 40);
    }
  }

  static std::optional<Option> fixed(unsigned aspect, Random& random) {
    constexpr std::array kClasses{"PXEClient:Arch:00007:UNDI:003001", "HTTPClient:Arch:00016",
                                  "PXEClient", "udhcp 1.36"};
    constexpr std::array<std::uint8_t, 5> kArchitectures{0, 7, 9, 11, 16};
    constexpr std::uint8_t kItem = 71;
    if (one_in(random, 4)) return std::nullopt;
    switch (aspect) {
      case 0:
        return Option{DhcpOption::parameter_request_list, list(random)};
      case 1:
        return Option{DhcpOption::vendor_class, bytes(kClasses[below(random, kClasses.size())])};
      case 2:
        return Option{DhcpOption::client_architecture,
                      {0, kArchitectures[below(random, kArchitectures.size())]}};
      case 3:
        if (one_in(random, 2)) return std::nullopt;
        return Option{DhcpOption::user_class, bytes("iPXE")};
      case 4: {
        const std::uint32_t most = one_in(random, 2) ? 1472 : below(random, 700);
        return Option{DhcpOption::maximum_message_size,
                      {static_cast<std::uint8_t>(most >> 8), static_cast<std::uint8_t>(most)}};
      }
      default:
        if (!one_in(random, 4)) return std::nullopt;
        return Option{DhcpOption::vendor_specific, {kItem, 4, 0, 0, 0, 0, 255}};
    }
  }

  static Octets list(Random& random) {
    constexpr std::array<std::uint8_t, 20> kUsual{1,  3,  6,  12, 13, 15, 17, 26, 28, 42,
                                                  43, 54, 58, 59, 60, 66, 67, 82, 97, 175};
    Octets codes(below(random, one_in(random, 8) ? 90 : 30));
    for (std::uint8_t& code : codes) {
      code = static_cast<std::uint8_t>(one_in(random, 4) ? below(random, 256)
                                                         : kUsual[below(random, kUsual.size())]);
    }
    return codes;
  }

  std::array<std::optional<Option>, kFixed> fixed_;
  std::optional<std::size_t> client_id_;  // octets
  std::optional<std::size_t> identifier_;
  std::optional<std::size_t> circuit_;
  bool relayed_ = false;
  bool named_ = false;
};

// What the machine is sent: OFFER, then ACK. It wants that address.
std::vector<Octets> boot(Lab& lab, Message message, Ipv4Address address) {
  std::vector<Octets> sent;
  message.requested = address;
  for (const DhcpType type : {DhcpType::discover, DhcpType::request}) {
    message.type = type;
    if (type == DhcpType::request) message.server = kServer;
    for (const Sent& reply : lab.send(message).replies) sent.push_back(reply.frame);
  }
  return sent;
}

TEST(ReplyForms, WriteWhatAServerWithoutThemWrites) {
  Random random(20);
  Config config = configuration();
  Config all = config;
  for (std::uint32_t i = 0; i < 2400; ++i) all.hosts.push_back(host(kNamed + i));
  Lab lab(all);
  Kind kind(random);
  std::uint32_t number = 0;
  std::size_t answered = 0;
  for (std::uint32_t round = 0; round < 400; ++round) {
    if (round % 50 == 49) {  // a reload, and the same kind once more
      const auto change = [round](Config& to) {
        to.subnets[0].domain_name = "lab" + std::to_string(round) + ".example";
        to.rules[0].root_path = "aoe:e1." + std::to_string(round);
        to.boot.default_file = std::to_string(round) + ".efi";
      };
      lab.change_config(change);
      change(config);
    } else if (one_in(random, 3)) {
      kind = Kind(random);
    } else {
      kind.change(random);
    }
    for (std::uint32_t i = 0; i < 4; ++i, ++number) {
      const Message message = kind.message_of(kind.named() ? kNamed + number : number, random);
      const std::size_t subnet = kind.relayed() ? 2 : 0;
      const Ipv4Address address{config.subnets[subnet].pools[0].first.value + number};
      const std::vector<Octets> sent = boot(lab, message, address);
      if (i < 3) continue;  // the first two are written anew, the others like them
      Config small = config;
      small.subnets[subnet].pools = {{address, address}};
      small.subnets[2 - subnet].pools.clear();
      if (kind.named()) small.hosts = {host(kNamed + number)};
      Lab fresh(small);
      ASSERT_TRUE(sent == boot(fresh, message, address)) << "round " << round << ", machine " << i;
      answered += sent.size();
    }
  }
  EXPECT_GT(answered, 700U);
}

TEST(ReplyForms, AskedByMoreKindsThanThereIsRoomForEachGetsItsOwn) {
  Lab lab(configuration());
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t i = 0; i < 2000; ++i) {
      const Octets list{1, 3, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
      const Heard heard =
          lab.send({.mac = machine(i), .options = {{DhcpOption::parameter_request_list, list}}});
      const bool asks_for_mtu = i % 256 == 26 || i >> 8 == 26;
      const auto codes = heard.reply().option_codes();
      const auto mtu = std::ranges::find(codes, 26);
      // Those who ask for it get it right behind the router.
      const bool in_its_place =
          mtu - codes.begin() == std::ranges::find(codes, 3) - codes.begin() + 1;
      ASSERT_EQ(in_its_place, asks_for_mtu) << i;
    }
  }
}

TEST(ReplyForms, EndWithTheConfigurationThatTheyAreOf) {
  Lab lab;
  const std::vector<Option> options{{DhcpOption::parameter_request_list, {15}}};
  const auto domain = [&] {
    const Sent offer = lab.send({.options = options}).reply();
    return std::string(offer.view().option_text(DhcpOption::domain_name).value_or(""));
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(domain(), "lab.example");
  lab.change_config([](Config& to) { to.subnets[0].domain_name = "new.example"; });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(domain(), "new.example");
}

TEST(ReplyForms, NameTheServerAsEachRelayWantsIt) {
  Lab lab(campus_config());
  for (std::uint8_t i = 1; i < 9; ++i) {
    const Ipv4Address name = Ipv4Address::of(10, 99, 0, 1 + i % 2);
    const Octets wish = suboption(wire::RelayOption::server_id_override, bytes(name));
    const Sent offer = lab.send({.mac = machine(i),
                                 .giaddr = kRelay,
                                 .options = {{DhcpOption::relay_agent_information, wish}}})
                           .reply();
    EXPECT_EQ(offer.view().option_address(DhcpOption::server_identifier), name);
  }
}

// An option that is there twice is read as one long one (RFC 3396).
TEST(ReplyForms, WhatARuleSaysGoesBeforeWhatFirmwareNeedsUnasked) {
  Lab lab(configuration());
  const std::vector<Option> options{{DhcpOption::vendor_class, bytes("PXEClient")},
                                    {DhcpOption::client_architecture, {0, 7}},
                                    {DhcpOption::client_machine_identifier, Octets(17, 0)}};
  for (std::uint32_t i = 0; i < 3; ++i) {
    const Sent offer = lab.send({.mac = machine(i), .options = options}).reply();
    EXPECT_EQ(offer.view().option_text(DhcpOption::vendor_class), "x");
    EXPECT_EQ(offer.view().option_text(DhcpOption::boot_file_name), "f");
    EXPECT_EQ(offer.view().option(DhcpOption::vendor_specific)->size(), 4U);
    EXPECT_EQ(offer.view().option(DhcpOption::client_machine_identifier)->size(), 1U);
  }
}

}  // namespace
}  // namespace reveille::test
