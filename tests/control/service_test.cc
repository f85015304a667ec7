// Signals, systemd, and what is said at start.
#include <csignal>
#include <cstdlib>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "control/build_snapshot.h"
#include "control/commands/status_text.h"
#include "control/service_notify.h"
#include "control/signals.h"
#include "dhcp/subnets.h"
#include "policy/boot_policy.h"
#include "test_folder.h"

namespace reveille {
namespace {

TEST(Signals, WaitWhereTheyAreAskedFor) {
  Signals signals;
  EXPECT_FALSE(signals.wait(std::chrono::milliseconds{0}));
  kill(getpid(), SIGHUP);
  kill(getpid(), SIGTERM);
  const auto first = signals.wait(std::chrono::milliseconds{1000});
  const auto second = signals.wait(std::chrono::milliseconds{1000});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(std::min(*first, *second), SIGHUP);
  EXPECT_EQ(std::max(*first, *second), SIGTERM);
  EXPECT_FALSE(signals.wait(std::chrono::milliseconds{0}));
}

TEST(Signals, AreNotAllThatCanBeWaitedFor) {
  Signals signals;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(signals.wait(std::chrono::minutes{1}, ends[0]));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{30});
  for (const int end : ends) close(end);
}

// The manager's end of $NOTIFY_SOCKET.
class Manager {
 public:
  Manager() : path_(folder_.path("notify")), fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  ~Manager() {
    close(fd_);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  std::string heard() const {
    char bytes[200];
    const ssize_t length = recv(fd_, bytes, sizeof bytes, 0);
    return length < 0 ? "" : std::string(bytes, static_cast<std::size_t>(length));
  }

 private:
  test::Folder folder_;
  std::string path_;
  int fd_;
};

TEST(ServiceNotify, SaysWhatSystemdWantsToHear) {
  const Manager manager;
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  ServiceNotify notify;
  EXPECT_EQ(notify.watchdog(), 1500ms);
  notify.ready("serving");
  EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=serving");
  notify.alive();
  EXPECT_EQ(manager.heard(), "WATCHDOG=1");
  notify.stopping();
  EXPECT_EQ(manager.heard(), "STOPPING=1");
}

TEST(ServiceNotify, LeavesTheWatchdogOfAnotherProcessAlone) {
  const Manager manager;
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceNotify().watchdog());
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_FALSE(ServiceNotify().watchdog());
}

TEST(ServiceNotify, IsSilentWithoutAManager) {
  unsetenv("NOTIFY_SOCKET");
  ServiceNotify notify;
  notify.ready("serving");
  EXPECT_FALSE(notify.watchdog());
  setenv("NOTIFY_SOCKET", std::string(200, 'x').c_str(), 1);
  ServiceNotify().ready("serving");
  unsetenv("NOTIFY_SOCKET");
}

Config example() {
  Config config;
  config.interfaces.push_back({.interface = "eth1",
                               .device = {},
                               .vdev = {},
                               .address = Ipv4Prefix::parse("10.77.0.1/16")});
  config.subnets.emplace_back().prefix = *Ipv4Prefix::parse("10.77.0.0/16");
  config.subnets[0].pools.push_back(
      {Ipv4Address::of(10, 77, 1, 0), Ipv4Address::of(10, 77, 255, 254)});
  config.images.root = "/srv/boot";
  return config;
}

TEST(StatusText, SaysWhatIsServedWhere) {
  Config config = example();
  EXPECT_EQ(service_text(config), "DHCP and TFTP on eth1 as 10.77.0.1/16: 65 279 addresses");
  EXPECT_TRUE(status_text(config, {})
                  .starts_with("serving DHCP and TFTP on eth1 as 10.77.0.1/16: "
                               "65 279 addresses; 0 images, "));
  EXPECT_TRUE(status_text(config, {}).ends_with(", from /srv/boot"));
  config.interfaces[0].vlans.push_back({20, *Ipv4Prefix::parse("10.20.0.1/24")});
  config.hosts.resize(2);
  EXPECT_EQ(service_text(config),
            "DHCP and TFTP on eth1 as 10.77.0.1/16, eth1 VLAN 20 as 10.20.0.1/24: 65 279 "
            "addresses, 2 hosts");
  config.dhcp.mode = DhcpMode::proxy;
  config.interfaces[0].vlans.clear();
  EXPECT_EQ(service_text(config), "ProxyDHCP and TFTP on eth1 as 10.77.0.1/16");
  config.tftp.enabled = false;
  EXPECT_EQ(service_text(config), "ProxyDHCP on eth1 as 10.77.0.1/16");
  config.tftp.enabled = true;
  config.dhcp.mode = DhcpMode::off;
  EXPECT_EQ(service_text(config), "TFTP on eth1 as 10.77.0.1/16");
}

TEST(StatusText, DescribesAPort) {
  const PortReport port{.name = "eth1",
                        .driver = "net_af_packet",
                        .mac = *MacAddress::parse("52:54:00:12:34:56"),
                        .mtu = 1500,
                        .receive_queues = 1,
                        .transmit_queues = 1,
                        .gathers = true,
                        .warnings = {}};
  EXPECT_EQ(port_text(port),
            "port eth1: net_af_packet, 52:54:00:12:34:56, MTU 1500, 1 queue, image bytes leave in "
            "place");
}

TEST(SnapshotBuilder, KeepsWhatDoesNotChange) {
  const auto config = std::make_shared<const Config>(example());
  Station station;
  station.address = *config->interfaces[0].address;
  SnapshotBuilder builder(config, {station});
  const auto catalogue = std::make_shared<const Catalogue>();
  const auto first = builder.build(catalogue, nullptr).value();
  const auto second = builder.build(catalogue, nullptr).value();
  EXPECT_EQ(first->version, 1U);
  EXPECT_EQ(second->version, 2U);
  EXPECT_EQ(first->config, config);
  EXPECT_EQ(first->subnets, second->subnets);
  EXPECT_NE(first->policy, second->policy);
  EXPECT_EQ(first->catalogue, catalogue);
  ASSERT_EQ(first->stations.size(), 1U);
  EXPECT_EQ(first->subnets->all().size(), 1U);
}

}  // namespace
}  // namespace reveille
