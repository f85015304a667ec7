// The command line as a configuration, alone and over a file.
#include "control/config/config_arguments.h"

#include <gtest/gtest.h>

#include "control/command_line.h"
#include "control/config/config_check.h"

namespace reveille {
namespace {

// The words as a shell would split them (no quoting).
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    if (end != 0) words.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return words;
}

ConfigArguments arguments_of(std::string_view text) {
  auto line = parse_command_line(split(text));
  EXPECT_TRUE(line.has_value()) << (line ? "" : line.error().text);
  return line ? line->config : ConfigArguments{};
}

std::string problems_of_words(std::string_view text) {
  return configure(arguments_of(text)).problems.text();
}

// ---- words

TEST(CommandLine, TheDocumentedUse) {
  const auto line = parse_command_line(
      split("serve --interface eth1 --address 10.77.0.1/16 --root /srv/boot --pool "
            "10.77.1.0-10.77.255.254"));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->verb, Verb::serve);
  ASSERT_EQ(line->config.ports.size(), 1U);
  EXPECT_EQ(line->config.ports[0].option, "--interface");
  EXPECT_EQ(line->config.ports[0].value, "eth1");
  EXPECT_EQ(line->config.addresses, std::vector<std::string>{"10.77.0.1/16"});
  EXPECT_EQ(line->config.root, "/srv/boot");
  EXPECT_EQ(line->config.pools, std::vector<std::string>{"10.77.1.0-10.77.255.254"});
  EXPECT_FALSE(line->config.proxy);
}

TEST(CommandLine, Leases) {
  auto line = parse_command_line(split("leases --csv --leases /tmp/l.db"));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->verb, Verb::leases);
  EXPECT_EQ(line->leases_verb, LeasesVerb::list);
  EXPECT_EQ(line->leases_format, LeasesFormat::csv);
  EXPECT_EQ(line->config.leases, "/tmp/l.db");
  line = parse_command_line(split("leases reserve 10.77.1.5 --leases /tmp/l.db"));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->leases_verb, LeasesVerb::reserve);
  EXPECT_EQ(line->lease_address, "10.77.1.5");
  EXPECT_EQ(line->config.leases, "/tmp/l.db");
  EXPECT_FALSE(parse_command_line(split("leases release")));
  EXPECT_FALSE(parse_command_line(split("leases --csv --json")));
}

TEST(CommandLine, TheLeaseDatabase) {
  const std::string words =
      "serve --interface eth1 --address 10.77.0.1/16 --root /b --pool 10.77.1.0-10.77.1.9";
  EXPECT_EQ(configure(arguments_of(words)).config.leases.database, "/var/lib/reveille/leases.db");
  EXPECT_EQ(configure(arguments_of(words + " --leases l.db")).config.leases.database, "l.db");
  EXPECT_TRUE(configure(arguments_of(words + " --leases none")).config.leases.in_memory());
}

TEST(CommandLine, PortsKeepTheirOrderAcrossOptions) {
  const ConfigArguments arguments = arguments_of(
      "serve --vdev net_null0 --address 10.1.0.1/16 --interface eth1 --address 10.2.0.1/16 "
      "--device 0000:65:00.0 --address 10.3.0.1/16 --interface eth2");
  ASSERT_EQ(arguments.ports.size(), 4U);
  EXPECT_EQ(arguments.ports[0].value, "net_null0");
  EXPECT_EQ(arguments.ports[1].value, "eth1");
  EXPECT_EQ(arguments.ports[2].value, "0000:65:00.0");
  EXPECT_EQ(arguments.ports[3].value, "eth2");
  EXPECT_EQ(arguments.addresses.size(), 3U);
}

TEST(CommandLine, ReplayHasTwoFiles) {
  const auto line =
      parse_command_line(split("replay --pool 10.77.1.0-10.77.1.9 in.pcap --out out.pcap"));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->verb, Verb::replay);
  EXPECT_EQ(line->capture, "in.pcap");
  EXPECT_EQ(line->answers, "out.pcap");
}

TEST(CommandLine, OtherVerbs) {
  EXPECT_EQ(parse_command_line({"version"})->verb, Verb::version);
  EXPECT_EQ(parse_command_line({"--version"})->verb, Verb::version);
  EXPECT_EQ(parse_command_line(split("check --config f"))->verb, Verb::check);
  const auto status = parse_command_line(split("status --json --control /tmp/c.sock"));
  EXPECT_EQ(status->verb, Verb::status);
  EXPECT_TRUE(status->json);
  EXPECT_EQ(status->config.control, "/tmp/c.sock");
}

struct BadArguments {
  const char* words;
  int exit_code;
  const char* text;
};

TEST(CommandLine, SaysWhatIsWrongInOneSentence) {
  const BadArguments cases[] = {
      {"sreve", 1, "reveille: error: unknown word \"sreve\"; did you mean \"serve\"?\n"},
      {"frobnicate", 1, "reveille: error: unknown word \"frobnicate\"; see reveille --help\n"},
      {"serve --adress 10.77.0.1/16", 1,
       "reveille: error: unknown word \"--adress\"; did you mean \"--address\"?\n"},
      {"serve --root", 1, "reveille: error: --root: 1 required DIR missing\n"},
      {"replay", 1, "reveille: error: capture is required\n"},
      {"check lab.toml", 1,
       "reveille: error: unknown word \"lab.toml\"; did you mean --config lab.toml?\n"},
      {"serve stray", 1, "reveille: error: unknown word \"stray\"; see reveille --help\n"},
  };
  for (const BadArguments& one : cases) {
    const auto line = parse_command_line(split(one.words));
    ASSERT_FALSE(line) << one.words;
    EXPECT_EQ(line.error().exit_code, one.exit_code) << one.words;
    EXPECT_EQ(line.error().text, one.text) << one.words;
  }
}

TEST(CommandLine, HelpIsNoError) {
  const auto line = parse_command_line(split("serve --help"));
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().exit_code, 0);
  EXPECT_NE(line.error().text.find("--pool"), std::string::npos);
}

TEST(CommandLine, WithoutAVerbShowsHelpAndFails) {
  const auto line = parse_command_line({});
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().exit_code, 1);
  EXPECT_NE(line.error().text.find("replay"), std::string::npos);
}

// ---- what they become

TEST(Arguments, TheDocumentedUseHasNoProblem) {
  const ParsedConfig parsed = configure(
      arguments_of("serve --interface eth1 --address 10.77.0.1/16 --root /srv/boot --pool "
                   "10.77.1.0-10.77.255.254"));
  EXPECT_EQ(parsed.problems.text(), "");
  ASSERT_EQ(parsed.config.interfaces.size(), 1U);
  EXPECT_EQ(parsed.config.interfaces[0].interface, "eth1");
  ASSERT_EQ(parsed.config.subnets.size(), 1U);
  EXPECT_EQ(parsed.config.subnets[0].prefix.text(), "10.77.0.0/16");
  ASSERT_EQ(parsed.config.subnets[0].pools.size(), 1U);
  EXPECT_EQ(parsed.config.dhcp.mode, DhcpMode::server);
}

TEST(Arguments, ProxyNeedsNoPool) {
  const ParsedConfig parsed = configure(
      arguments_of("serve --interface eth1 --address 10.77.0.1/16 --root /srv/boot --proxy"));
  EXPECT_EQ(parsed.problems.text(), "");
  EXPECT_EQ(parsed.config.dhcp.mode, DhcpMode::proxy);
}

TEST(Arguments, AllTheOthers) {
  const Config config =
      configure(arguments_of("serve --device 0000:65:00.0 --address 10.77.0.1/16 --root /srv/boot "
                             "--proxy --workers 4 --idle busy --log-format json --log-file /tmp/l "
                             "--quiet"))
          .config;
  EXPECT_EQ(config.interfaces[0].device, "0000:65:00.0");
  EXPECT_EQ(config.workers.count, 4);
  EXPECT_EQ(config.workers.idle, Idle::busy);
  EXPECT_EQ(config.log.format, LogFormat::json);
  EXPECT_EQ(config.log.file, "/tmp/l");
  EXPECT_TRUE(config.log.quiet);
}

TEST(Arguments, TheDriverOfAllKernelInterfaces) {
  const ParsedConfig parsed = configure(
      arguments_of("serve --interface eth1 --address 10.77.0.1/16 --vdev net_tap0 --address "
                   "10.78.0.1/16 --driver af_xdp --root /srv/boot --proxy"));
  EXPECT_EQ(parsed.problems.text(), "");
  EXPECT_EQ(parsed.config.interfaces[0].driver, KernelDriver::af_xdp);
  EXPECT_EQ(parsed.config.interfaces[1].driver, KernelDriver::automatic);
}

TEST(Arguments, SeveralPoolsOfSeveralInterfaces) {
  const ParsedConfig parsed = configure(arguments_of(
      "serve --interface eth1 --address 10.77.0.1/16 --interface eth2 --address 10.78.0.1/16 "
      "--root /srv/boot --pool 10.78.1.0-10.78.1.9 --pool 10.77.1.0-10.77.1.9 --pool 10.78.2.0"));
  EXPECT_EQ(parsed.problems.text(), "");
  ASSERT_EQ(parsed.config.subnets.size(), 2U);
  EXPECT_EQ(parsed.config.subnets[0].prefix.text(), "10.78.0.0/16");
  EXPECT_EQ(parsed.config.subnets[0].pools.size(), 2U);
  EXPECT_EQ(parsed.config.subnets[1].pools.size(), 1U);
}

struct WrongWords {
  const char* words;
  const char* expected;
};

TEST(Arguments, ProblemsNameTheOption) {
  const WrongWords cases[] = {
      {"serve",
       "reveille: error: no interface to serve: add an [[interface]] table, or give --interface\n"
       "reveille: error: no image folder: set `root` in [images], or give --root\n"
       "reveille: error: no address to hand out: add a [[subnet]] with `pools`, or give --pool; or "
       "boot clients beside another DHCP server with mode = \"proxy\" or --proxy\n"},
      {"serve --interface eth1 --root /b --proxy",
       "--interface: error: eth1 has no address to answer on: set `address`, or give --address\n"},
      {"serve --interface eth1 --address 10.77.0.1 --root /b --pool 10.77.1.0-10.77.1.9",
       "--address: error: \"10.77.0.1\" is not an address with its prefix length such as "
       "\"10.77.0.1/16\"\n"
       "--pool: error: pool 10.77.1.0-10.77.1.9 is not in the network of any interface or subnet; "
       "is --address right?\n"},
      {"serve --interface eth1 --address 10.77.255.255/16 --root /b --proxy",
       "--address: error: address 10.77.255.255/16 is the network's broadcast address\n"},
      {"serve --interface eth1 --address 10.77.0.1/16 --address 10.78.0.1/16 --root /b --proxy",
       "--address: error: 2 addresses for 1 interfaces; give each address after its --interface, "
       "--device or --vdev\n"},
      {"serve --interface eth1 --address 10.77.0.1/16 --root /b --pool all",
       "--pool: error: \"all\" is not a pool of addresses such as \"10.77.1.0-10.77.255.254\"\n"},
      {"serve --interface eth1 --address 10.77.0.1/16 --root /b --pool 10.77.0.1-10.77.0.9",
       "--pool: error: pool 10.77.0.1-10.77.0.9 contains 10.77.0.1, the server's own address on "
       "eth1\n"},
      {"serve --interface eth1 --address 10.77.0.1/16 --root /b --pool 10.77.1.0-10.77.1.9 --pool "
       "10.77.1.9-10.77.1.20",
       "--pool: error: pool 10.77.1.9-10.77.1.20 overlaps pool 10.77.1.0-10.77.1.9\n"},
      {"serve --interface eth1 --address 10.77.0.1/16 --root /b --pool 10.77.1.0-10.78.1.9",
       "--pool: error: pool 10.77.1.0-10.78.1.9 is not inside its subnet 10.77.0.0/16\n"},
      {"serve --interface eth1 --address 10.77.0.1/16 --root /b --proxy --pool 10.77.1.0",
       "--pool: error: a ProxyDHCP server has no addresses to lease; give --pool or --proxy, not "
       "both\n"},
      {"serve --interface a/b --address 10.77.0.1/16 --root /b --proxy",
       "--interface: error: \"a/b\" cannot be the name of an interface\n"},
      {"serve --device eth1 --address 10.77.0.1/16 --root /b --proxy",
       "--device: error: \"eth1\" is not a PCI address such as \"0000:65:00.0\"\n"},
      {"serve --interface eth1 --address 10.77.0.1/16 --root /b --proxy --workers 33",
       "--workers: error: must be 1 to 32, not \"33\"\n"},
      {"serve --interface eth1 --address 10.77.0.1/16 --root /b --proxy --workers two",
       "--workers: error: must be 1 to 32, not \"two\"\n"},
      {"serve --interface eth1 --address 10.77.0.1/16 --root /b --proxy --idle never",
       "--idle: error: is \"adaptive\" or \"busy\", not \"never\"\n"},
      {"serve --interface eth1 --address 10.77.0.1/16 --root /b --proxy --driver dpdk",
       "--driver: error: is \"auto\" or \"af_xdp\" or \"af_packet\", not \"dpdk\"\n"},
      {"serve --vdev net_null0 --address 10.77.0.1/16 --root /b --proxy --driver af_xdp",
       "--driver: error: there is no kernel interface that it is for\n"},
      {"serve --interface eth1 --address 10.77.0.1/16 --root /b --proxy --log-format xml",
       "--log-format: error: is \"text\" or \"json\", not \"xml\"\n"},
      {"check --config /nonexistent.toml", "/nonexistent.toml: error: there is no such file\n"},
  };
  for (const WrongWords& one : cases)
    EXPECT_EQ(problems_of_words(one.words), one.expected) << one.words;
}

// ---- over a file

ParsedConfig over(const std::string& toml, std::string_view words) {
  ParsedConfig parsed = parse_config(toml, "f");
  apply_arguments(arguments_of(words), parsed);
  check_config(parsed.config, parsed.origins, parsed.problems);
  return parsed;
}

const std::string kFile =
    "[[interface]]\ninterface = \"eth1\"\naddress = \"10.77.0.1/16\"\n"
    "[[interface]]\ninterface = \"eth2\"\naddress = \"10.78.0.1/16\"\n"
    "[[subnet]]\nprefix = \"10.77.0.0/16\"\npools = [\"10.77.1.0-10.77.1.9\"]\n"
    "lease_time = \"2h\"\n"
    "[[subnet]]\nprefix = \"10.78.0.0/16\"\npools = [\"10.78.1.0-10.78.1.9\"]\n"
    "[images]\nroot = \"/srv/boot\"\n";

TEST(ArgumentsOverAFile, PortsReplaceItsInterfaces) {
  const ParsedConfig parsed = over(kFile, "serve --vdev net_null0 --address 10.77.0.2/16");
  EXPECT_EQ(parsed.problems.text(), "");
  ASSERT_EQ(parsed.config.interfaces.size(), 1U);
  EXPECT_EQ(parsed.config.interfaces[0].vdev, "net_null0");
}

TEST(ArgumentsOverAFile, AnAddressAloneReplacesTheFirst) {
  const ParsedConfig parsed = over(kFile, "serve --address 10.77.0.3/16");
  EXPECT_EQ(parsed.problems.text(), "");
  EXPECT_EQ(parsed.config.interfaces[0].address->text(), "10.77.0.3/16");
  EXPECT_EQ(parsed.config.interfaces[0].interface, "eth1");
  EXPECT_EQ(parsed.config.interfaces[1].address->text(), "10.78.0.1/16");
}

TEST(ArgumentsOverAFile, PoolsReplaceThoseOfTheirSubnetOnly) {
  const ParsedConfig parsed =
      over(kFile, "serve --pool 10.77.9.0-10.77.9.9 --pool 10.77.8.0-10.77.8.9");
  EXPECT_EQ(parsed.problems.text(), "");
  ASSERT_EQ(parsed.config.subnets.size(), 2U);
  ASSERT_EQ(parsed.config.subnets[0].pools.size(), 2U);
  EXPECT_EQ(parsed.config.subnets[0].pools[0].first.text(), "10.77.9.0");
  EXPECT_EQ(parsed.config.subnets[0].lease_time, 2h);
  EXPECT_EQ(parsed.config.subnets[1].pools.size(), 1U);
}

TEST(ArgumentsOverAFile, ProblemsKeepTheirPlaces) {
  EXPECT_EQ(
      over(kFile, "serve --pool 10.77.0.0-10.77.0.9 --root /other").problems.text(),
      "--pool: error: pool 10.77.0.0-10.77.0.9 contains 10.77.0.0, which is the network's own "
      "address\n"
      "--pool: error: pool 10.77.0.0-10.77.0.9 contains 10.77.0.1, the server's own address "
      "on eth1\n");
  EXPECT_EQ(over(kFile, "serve --interface eth5 --address 10.77.1.5/16").problems.text(),
            "f:9:10: error: pool 10.77.1.0-10.77.1.9 contains 10.77.1.5, the server's own address "
            "on eth5\n");
}

}  // namespace
}  // namespace reveille
