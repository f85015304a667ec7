// Opening ports of each kind, and the sentences when it does not work.
#include "port/port.h"

#include <filesystem>
#include <fstream>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rte_ethdev.h>

#include "port/own_network.h"
#include "port/pools.h"
#include "port/test_eal.h"

namespace reveille {
namespace {

using testing::HasSubstr;

class PortTest : public testing::Test {
 protected:
  PortTest() {
    test_eal();
    auto created = Pools::create(2, {.receive = 2048, .heads = 512, .payloads = 512});
    EXPECT_TRUE(created) << created.error();
    pools_ = std::move(*created);
  }

  tl::expected<Port, std::string> open(const InterfaceConfig& config, unsigned workers = 1) {
    return open(config, workers, pools_.receive.get());
  }
  static tl::expected<Port, std::string> open(const InterfaceConfig& config, unsigned workers,
                                              rte_mempool* receive) {
    auto plan = PortPlan::make(config, workers);
    if (!plan) return tl::unexpected(plan.error());
    return Port::open(std::move(*plan), receive);
  }
  static InterfaceConfig vdev(const std::string& text) {
    InterfaceConfig config;
    config.vdev = text;
    return config;
  }
  static InterfaceConfig interface(const std::string& name) {
    InterfaceConfig config;
    config.interface = name;
    return config;
  }

  Pools pools_;
};

TEST_F(PortTest, AVirtualDeviceHasAsManyQueuesAsWorkers) {
  const auto port = open(vdev("net_null0"), 2);
  ASSERT_TRUE(port) << port.error();
  EXPECT_EQ(port->name(), "net_null0");
  EXPECT_EQ(port->driver(), "net_null");
  EXPECT_EQ(port->receive_queues(), 2);
  EXPECT_EQ(port->transmit_queues(), 2);
  EXPECT_EQ(port->mtu(), 1500);
}

TEST_F(PortTest, APortOfFewerQueuesUsesThoseThatItHas) {
  // A capture without frames: magic, version 2.4, zone, accuracy, snaplen, Ethernet.
  const std::uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
  const auto path = std::filesystem::temp_directory_path() /
                    ("reveille-port-test-" + std::to_string(getpid()) + ".pcap");
  std::ofstream(path).write(reinterpret_cast<const char*>(header), sizeof header);
  const auto port = open(vdev("net_pcap0,rx_pcap=" + path.string()), 2);
  std::filesystem::remove(path);
  ASSERT_TRUE(port) << port.error();
  EXPECT_EQ(port->receive_queues(), 1);
  EXPECT_EQ(port->transmit_queues(), 1);
}

TEST_F(PortTest, ClosesAndCanBeOpenedAgain) {
  for (int i = 0; i < 3; ++i) {
    auto port = open(vdev("net_null0"));
    ASSERT_TRUE(port) << port.error();
    ASSERT_TRUE(port->start());
  }
  EXPECT_EQ(rte_eth_dev_count_avail(), 0);
}

TEST_F(PortTest, TheSameDeviceTwiceIsTaken) {
  const auto first = open(vdev("net_null0"));
  ASSERT_TRUE(first) << first.error();
  const auto second = open(vdev("net_null0"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "port net_null0 is taken: it is configured twice");
  EXPECT_EQ(rte_eth_dev_count_avail(), 0);  // owned ports are not on offer; the first still is
}

TEST_F(PortTest, AnUnknownDriverIsNamed) {
  const auto port = open(vdev("net_nonsense0,a=b"));
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error(), HasSubstr("port net_nonsense0 cannot be opened: "));
}

TEST_F(PortTest, ABadArgumentIsToldInTheDriversWords) {
  const auto port = open(vdev("net_pcap0,rx_pcap=/does/not/exist.pcap"));
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error(), HasSubstr("/does/not/exist.pcap"));
}

TEST_F(PortTest, ANicThatDpdkDoesNotHoldIsNamed) {
  InterfaceConfig config;
  config.device = "0000:65:00.0";
  const auto port = open(config);
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error(), HasSubstr("device 0000:65:00.0 is no NIC that DPDK can use"));
}

TEST_F(PortTest, AnUnknownInterfaceIsToldWithThoseThatExist) {
  const auto port = open(interface("eth99"));
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error(), HasSubstr("interface eth99: there is no such interface; there are lo"));
}

TEST_F(PortTest, ANameThatDpdkCannotBeToldIsRefused) {
  const auto port = open(interface("aaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error(), HasSubstr("there is no such interface"));
}

TEST_F(PortTest, LoopbackIsNoEthernet) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto port = open(interface("lo"));
  ASSERT_FALSE(port);
  EXPECT_EQ(port.error(), "interface lo: is no Ethernet interface");
}

// Interfaces of the kernel: two ends of a veth in the test's own network namespace.
class InterfaceTest : public PortTest {
 protected:
  void SetUp() override {
    if (!test::own_network) GTEST_SKIP() << "no network namespace of our own";
    if (std::system("ip link add ours type veth peer name theirs 2>/dev/null") != 0) {
      GTEST_SKIP() << "no veth here";
    }
  }
  void TearDown() override {
    if (!test::own_network) return;
    EXPECT_EQ(std::system("ip link del ours 2>/dev/null || true"), 0);
  }
  static bool is_up(const char* name) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::string(name).copy(request.ifr_name, IFNAMSIZ - 1);
    const bool up = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
    close(fd);
    return up;
  }
};

TEST_F(InterfaceTest, IsBroughtUpAndServedWithItsOwnMacAndMtu) {
  ASSERT_EQ(std::system("ip link set ours address 02:00:00:00:00:07 mtu 1400"), 0);
  ASSERT_FALSE(is_up("ours"));
  auto port = open(interface("ours"), 2);
  ASSERT_TRUE(port) << port.error();
  EXPECT_TRUE(is_up("ours"));
  EXPECT_EQ(port->driver(), "net_af_packet");
  EXPECT_EQ(port->mac().text(), "02:00:00:00:00:07");
  EXPECT_EQ(port->mtu(), 1400);
  EXPECT_EQ(port->receive_queues(), 2);
  EXPECT_TRUE(port->start());
  EXPECT_TRUE(port->warnings().empty());
}

TEST_F(InterfaceTest, CarriesTheLongerPacketsThatAreConfigured) {
  ASSERT_EQ(std::system("ip link set ours mtu 9000 && ip link set theirs mtu 9000"), 0);
  InterfaceConfig config = interface("ours");
  {
    const auto plain = open(config);
    ASSERT_TRUE(plain) << plain.error();
    EXPECT_EQ(plain->mtu(), 1500) << "buffers are as long as was asked for";
  }
  config.mtu = 9000;
  const PoolSizes sizes{.receive = 512, .heads = 512, .payloads = 512, .room = frame_room(9000)};
  auto pools = Pools::create(1, sizes);
  ASSERT_TRUE(pools) << pools.error();
  {
    const auto jumbo = open(config, 1, pools->receive.get());
    ASSERT_TRUE(jumbo) << jumbo.error();
    EXPECT_EQ(jumbo->mtu(), 9000);
    EXPECT_TRUE(jumbo->warnings().empty());
  }
  ASSERT_EQ(std::system("ip link set ours mtu 4000"), 0);
  const auto less = open(config, 1, pools->receive.get());
  ASSERT_TRUE(less) << less.error();
  EXPECT_EQ(less->mtu(), 4000);
  EXPECT_THAT(less->warnings(),
              testing::ElementsAre("port ours carries packets of 4000 octets, less than the `mtu` "
                                   "of 9000"));
}

TEST_F(PortTest, APortThatCannotCarryTheMtuIsNamed) {
  InterfaceConfig config = vdev("net_memif0,role=client,id=7");
  config.mtu = 9000;
  const auto port = open(config);
  ASSERT_FALSE(port);
  EXPECT_EQ(port.error(),
            "port net_memif0 (net_memif) carries packets of at most 1500 octets, not the `mtu` of "
            "9000");
}

TEST_F(InterfaceTest, ServedByAnotherReveilleIsTaken) {
  const auto first = open(interface("ours"));
  ASSERT_TRUE(first) << first.error();
  const auto second = open(interface("ours"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "interface ours: taken: another reveille serves it already");
}

TEST_F(InterfaceTest, IsFreeAgainAfterwards) {
  for (int i = 0; i < 2; ++i) {
    const auto port = open(interface("ours"));
    ASSERT_TRUE(port) << port.error();
  }
}

TEST_F(InterfaceTest, AnAddressOfTheKernelIsWarnedOf) {
  ASSERT_EQ(std::system("ip address add 10.77.0.1/16 dev ours"), 0);
  const auto port = open(interface("ours"));
  ASSERT_TRUE(port) << port.error();
  ASSERT_EQ(port->warnings().size(), 1u);
  EXPECT_THAT(port->warnings()[0], HasSubstr("the kernel has the address 10.77.0.1 on it"));
}

TEST_F(InterfaceTest, GetsMulticastOfNeighbourDiscovery) {
  const auto port = open(interface("ours"));
  ASSERT_TRUE(port) << port.error();
  EXPECT_EQ(std::system("ip -d link show ours | grep -q 'allmulti [1-9]'"), 0);
}

TEST_F(InterfaceTest, StationsAreItsAddressAndItsVlans) {
  InterfaceConfig config = interface("ours");
  config.address = Ipv4Prefix::parse("10.77.0.1/16");
  config.vlans = {{.id = 7, .address = *Ipv4Prefix::parse("10.7.0.1/24")}};
  const auto port = open(config);
  ASSERT_TRUE(port) << port.error();
  std::vector<Station> stations;
  add_stations(stations, *port, config);
  ASSERT_EQ(stations.size(), 2u);
  EXPECT_EQ(stations[0].vlan, 0);
  EXPECT_EQ(stations[0].address.text(), "10.77.0.1/16");
  EXPECT_EQ(stations[0].mac, port->mac());
  EXPECT_TRUE(stations[0].partial_checksums);
  EXPECT_EQ(stations[1].vlan, 7);
  EXPECT_EQ(stations[1].address.text(), "10.7.0.1/24");
  EXPECT_EQ(stations[1].link_local, Ipv6Address::link_local(port->mac()));
}

}  // namespace
}  // namespace reveille
