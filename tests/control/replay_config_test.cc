// What `reveille replay` serves when it is told nothing, or a part.
#include <gtest/gtest.h>

#include "control/replay/replay.h"
#include "test_folder.h"

namespace reveille {
namespace {

const CaptureServer kReplayed{*MacAddress::parse("4e:f1:cc:67:26:91"),
                              {Ipv4Address::of(10, 78, 0, 1), 24}};
constexpr const char* kDevice = "net_pcap0,rx_pcap=/proc/self/fd/3,tx_pcap=/proc/self/fd/4";

TEST(ReplayConfig, TakesThePlaceOfTheCapturesServer) {
  const ParsedConfig parsed = configure_replay({}, kReplayed, kDevice);
  EXPECT_EQ(parsed.problems.text(), "");
  ASSERT_EQ(parsed.config.interfaces.size(), 1U);
  EXPECT_EQ(parsed.config.interfaces[0].vdev, kDevice);
  EXPECT_EQ(parsed.config.interfaces[0].address->text(), "10.78.0.1/24");
  ASSERT_EQ(parsed.config.subnets.size(), 1U);
  ASSERT_EQ(parsed.config.subnets[0].pools.size(), 1U);
  EXPECT_EQ(parsed.config.subnets[0].pools[0].first.text(), "10.78.0.2");
  EXPECT_EQ(parsed.config.subnets[0].pools[0].last.text(), "10.78.0.254");
}

TEST(ReplayConfig, HasAnAddressEvenSo) {
  const ParsedConfig parsed = configure_replay({}, std::nullopt, kDevice);
  EXPECT_EQ(parsed.problems.text(), "");
  EXPECT_EQ(parsed.config.interfaces[0].address->text(), "10.77.0.1/16");
  EXPECT_EQ(parsed.config.subnets[0].pools[0].first.text(), "10.77.0.2");
}

TEST(ReplayConfig, ThePoolIsTheLargerSide) {
  ConfigArguments arguments;
  arguments.addresses = {"10.78.0.200/24"};
  const ParsedConfig parsed = configure_replay(arguments, kReplayed, kDevice);
  EXPECT_EQ(parsed.problems.text(), "");
  EXPECT_EQ(parsed.config.subnets[0].pools[0].first.text(), "10.78.0.1");
  EXPECT_EQ(parsed.config.subnets[0].pools[0].last.text(), "10.78.0.199");
  arguments.addresses = {"10.200.0.1/8"};
  const ParsedConfig wide = configure_replay(arguments, kReplayed, kDevice);
  EXPECT_EQ(wide.problems.text(), "");
  EXPECT_EQ(wide.config.subnets[0].pools[0].last.text(), "10.200.0.0");
  EXPECT_EQ(wide.config.subnets[0].pools[0].first.text(), "10.199.0.1");
}

TEST(ReplayConfig, TheCommandLineIsHeard) {
  const test::Folder folder;
  ConfigArguments arguments;
  arguments.addresses = {"10.77.0.1/16"};
  arguments.pools = {"10.77.1.0-10.77.1.9"};
  arguments.root = folder.path();
  const ParsedConfig parsed = configure_replay(arguments, kReplayed, kDevice);
  EXPECT_EQ(parsed.problems.text(), "");
  EXPECT_EQ(parsed.config.interfaces[0].address->text(), "10.77.0.1/16");
  ASSERT_EQ(parsed.config.subnets.size(), 1U);
  EXPECT_EQ(parsed.config.subnets[0].pools[0].last.text(), "10.77.1.9");
}

TEST(ReplayConfig, AProxyNeedsNoPool) {
  ConfigArguments arguments;
  arguments.proxy = true;
  const ParsedConfig parsed = configure_replay(arguments, kReplayed, kDevice);
  EXPECT_EQ(parsed.problems.text(), "");
  EXPECT_TRUE(parsed.config.subnets.empty());
}

TEST(ReplayConfig, AFileKeepsItsAddressesAndVlans) {
  const test::Folder folder;
  ConfigArguments arguments;
  arguments.config_file =
      folder.write("r.toml",
                   "[[interface]]\ninterface = \"eth1\"\naddress = "
                   "\"10.77.0.1/16\"\n[[interface.vlan]]\nid = 5\n"
                   "address = \"10.79.0.1/16\"\n[[interface]]\ninterface = \"eth2\"\naddress = "
                   "\"10.80.0.1/16\"\n"
                   "[[subnet]]\nprefix = \"10.77.0.0/16\"\npools = \"10.77.1.0\"\n"
                   "[[subnet]]\nprefix = \"10.79.0.0/16\"\npools = \"10.79.1.0\"\n"
                   "[workers]\ncount = 4\n");
  const ParsedConfig parsed = configure_replay(arguments, kReplayed, kDevice);
  EXPECT_EQ(parsed.problems.text(), "");
  ASSERT_EQ(parsed.config.interfaces.size(), 1U);
  EXPECT_EQ(parsed.config.interfaces[0].vdev, kDevice);
  EXPECT_EQ(parsed.config.interfaces[0].interface, "");
  EXPECT_EQ(parsed.config.interfaces[0].address->text(), "10.77.0.1/16");
  EXPECT_EQ(parsed.config.interfaces[0].vlans.size(), 1U);
  EXPECT_EQ(parsed.config.subnets.size(), 2U);
  EXPECT_EQ(parsed.config.workers.count, 1U) << "no frame waits for another worker";
}

TEST(ReplayConfig, ProblemsAreSaidAsEver) {
  ConfigArguments arguments;
  arguments.root = "/nonexistent/boot";
  EXPECT_EQ(configure_replay(arguments, kReplayed, kDevice).problems.text(),
            "--root: error: there is no image folder \"/nonexistent/boot\"\n");
  arguments.root.reset();
  arguments.config_file = "/nonexistent.toml";
  EXPECT_EQ(configure_replay(arguments, kReplayed, kDevice).problems.text(),
            "/nonexistent.toml: error: there is no such file\n");
}

}  // namespace
}  // namespace reveille
