// A new configuration beside the running one: what takes effect, what waits for a restart, and
// what a wrong one does, which is nothing.
#include <array>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/config/config_arguments.h"
#include "control/reload/fixed_parts.h"
#include "control/reload/prepare.h"
#include "control/reload/reloader.h"
#include "dhcp/subnets.h"
#include "policy/boot_policy.h"
#include "test_folder.h"

namespace reveille {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string config_text(const std::string& root, const std::string& more) {
  return R"(
[[interface]]
interface = "eth1"
address = "10.77.0.1/16"
[[subnet]]
prefix = "10.77.0.0/16"
pools = ["10.77.1.0-10.77.1.99"]
[[subnet]]
prefix = "10.78.0.0/16"
pools = ["10.78.1.0-10.78.1.99"]
[images]
root = ")" +
         root + "\"\n" + more;
}

ParsedConfig parsed(const std::string& root, const std::string& more = {}) {
  return parse_config(config_text(root, more), "r.toml");
}

class Fixed : public testing::Test {
 protected:
  std::vector<std::string> kept() {
    subnets = std::make_shared<const Subnets>(running);
    return keep_fixed_parts(running, wanted, subnets);
  }
  Config running = parsed("/srv/boot").config;
  Config wanted = running;
  std::shared_ptr<const Subnets> subnets;
};

TEST_F(Fixed, NothingIsKeptWhereNothingChanged) {
  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(Fixed, WhatClientsAreToldTakesEffect) {
  wanted.boot.default_file = "new.efi";
  wanted.dhcp.lease_time = Seconds{120};
  wanted.dhcp.authoritative = true;
  wanted.subnets[0].routers = {Ipv4Address::of(10, 77, 0, 9)};
  wanted.subnets[1].boot_file = "other.efi";
  wanted.hosts.push_back({.mac = MacAddress{{2, 0, 0, 0, 0, 1}}, .boot_file = "its.efi"});
  wanted.tftp.window_size_max = 8;
  wanted.relay.drop_copies = false;
  wanted.log.quiet = true;
  EXPECT_THAT(kept(), IsEmpty());
  EXPECT_EQ(wanted.boot.default_file, "new.efi");
  EXPECT_EQ(wanted.subnets[0].routers.size(), 1u);
  EXPECT_EQ(wanted.subnets[1].boot_file, "other.efi");
  EXPECT_EQ(wanted.hosts.size(), 1u);
  EXPECT_TRUE(wanted.log.quiet);
}

TEST_F(Fixed, WhatMemoryAndThreadsAreLaidOutByIsKept) {
  wanted.interfaces[0].vlans.push_back({20, *Ipv4Prefix::parse("10.20.0.1/24")});
  wanted.workers.count = 4;
  wanted.dhcp.mode = DhcpMode::proxy;
  wanted.relay.entries = 128;
  wanted.tftp.transfers_max = 10;
  wanted.images.root = "/elsewhere";
  wanted.log.format = LogFormat::json;
  wanted.control.socket = "/tmp/other";
  EXPECT_THAT(kept(), ElementsAre("[[interface]]", "mode in [dhcp]", "entries in [relay]",
                                  "transfers_max in [tftp]", "root in [images]",
                                  "count in [workers]", "format in [log]", "socket in [control]"));
  EXPECT_EQ(wanted.interfaces, running.interfaces);
  EXPECT_EQ(wanted.workers.count, 1);
  EXPECT_EQ(wanted.dhcp.mode, DhcpMode::server);
  EXPECT_EQ(wanted.images.root, "/srv/boot");
}

TEST_F(Fixed, PoolsTakeEffect) {
  wanted.subnets[0].pools[0].last = Ipv4Address::of(10, 77, 9, 9);
  EXPECT_THAT(kept(), IsEmpty());
  EXPECT_EQ(wanted.subnets[0].pools[0].last, Ipv4Address::of(10, 77, 9, 9));
  ASSERT_EQ(subnets->plan().additions().size(), 1U);
  EXPECT_EQ(subnets->plan().additions()[0].first, Ipv4Address::of(10, 77, 1, 100));
  EXPECT_EQ(subnets->plan().additions()[0].last, Ipv4Address::of(10, 77, 9, 9));
}

NamedPoolConfig pool(const char* name, std::uint8_t third, std::uint8_t last = 99) {
  return {name, {{Ipv4Address::of(10, 77, third, 0), Ipv4Address::of(10, 77, third, last)}}};
}

TEST_F(Fixed, NamedPoolsTakeEffectAndKeepTheirPlaces) {
  running.pools = {pool("a", 7), pool("b", 8), pool("c", 9)};
  wanted.pools = {pool("d", 10), pool("c", 9, 50), pool("a", 7)};
  wanted.rules.emplace_back().pool = "d";
  EXPECT_THAT(kept(), IsEmpty());
  const std::vector<NamedPoolConfig> expected{
      pool("a", 7), {"b", {}}, pool("c", 9, 50), pool("d", 10)};
  EXPECT_EQ(wanted.pools, expected);
  // The groups of a, b and c, which follow those of two subnets, and that of d.
  const auto& groups = subnets->groups();
  ASSERT_EQ(groups.size(), 6U);
  EXPECT_TRUE(groups[3].ranges.empty());
  EXPECT_EQ(groups[5].pool, 3);
  EXPECT_EQ(subnets->group_of(subnets->all()[0], 1), kNoGroup);
  EXPECT_EQ(subnets->group_of(subnets->all()[0], 3), 5);
}

TEST_F(Fixed, PoolsWaitWithTheirSubnets) {
  running.pools = {pool("a", 7), pool("b", 8), {"gone", {}}};
  wanted.pools = {pool("b", 8, 50), pool("new", 10), pool("gone", 11)};
  wanted.subnets[0].pools.clear();
  wanted.subnets.pop_back();
  EXPECT_THAT(kept(),
              ElementsAre("[[subnet]] 10.78.0.0/16, which is gone", "the pools of 10.77.0.0/16",
                          "[[pool]] a, which is gone", "the ranges of [[pool]] b",
                          "[[pool]] gone, which is back", "[[pool]] new, which is new"));
  EXPECT_EQ(wanted.pools, running.pools);
  EXPECT_EQ(wanted.subnets.size(), 2U);
  EXPECT_EQ(wanted.subnets[0].pools, running.subnets[0].pools);
  EXPECT_TRUE(subnets->plan().additions().empty());
}

TEST_F(Fixed, MoreAddressesThanThereIsRoomForWait) {
  constexpr auto kMost = AddressPlan::kSpareAddresses;
  const Ipv4Address first = Ipv4Address::of(10, 77, 16, 0);
  wanted.pools = {{"large", {{first, {first.value + kMost}}}}};
  EXPECT_THAT(kept(), ElementsAre("pools: reloads add at most 4096 addresses to those of the start",
                                  "[[pool]] large, which is new"));
  EXPECT_TRUE(wanted.pools.empty());
  wanted.pools = {{"large", {{first, {first.value + kMost - 1}}}}};
  EXPECT_THAT(kept(), IsEmpty());
}

// An import has put it on record while the server ran; no worker was told.
TEST_F(Fixed, AnAddressThatOnlyTheStoreKnowsALeaseOfWaits) {
  subnets = std::make_shared<const Subnets>(running);
  wanted.pools = {pool("new", 10, 9)};
  const std::array recorded{Ipv4Address::of(10, 77, 10, 4)};
  EXPECT_THAT(keep_fixed_parts(running, wanted, subnets, recorded),
              ElementsAre("1 address of the pools with a lease that no worker has read"));
  const std::vector<PlannedRange>& additions = subnets->plan().additions();
  ASSERT_EQ(additions.size(), 2U);
  EXPECT_EQ(additions[0].last, Ipv4Address::of(10, 77, 10, 3));
  EXPECT_EQ(additions[1].first, Ipv4Address::of(10, 77, 10, 5));
}

TEST_F(Fixed, GroupsWithoutMemoryWait) {
  for (std::uint32_t i = 0; i <= AddressPlan::kSpareGroups; ++i) {
    const Ipv4Address address{Ipv4Address::of(10, 77, 16, 0).value + i};
    wanted.pools.push_back({"p" + std::to_string(i), {{address, address}}});
  }
  EXPECT_EQ(kept().at(0), "pools: reloads add pools to at most 256 subnets, counted for each pool");
  EXPECT_TRUE(wanted.pools.empty());
}

TEST_F(Fixed, SubnetsKeepTheirNumbers) {
  std::swap(wanted.subnets[0], wanted.subnets[1]);
  EXPECT_THAT(kept(), IsEmpty());
  EXPECT_EQ(wanted.subnets[0].prefix, running.subnets[0].prefix);
  EXPECT_EQ(wanted.subnets[1].prefix, running.subnets[1].prefix);
}

TEST_F(Fixed, SubnetsNeitherComeNorGo) {
  wanted.subnets[0].prefix = *Ipv4Prefix::parse("10.79.0.0/16");
  EXPECT_THAT(kept(), ElementsAre("[[subnet]] 10.77.0.0/16, which is gone",
                                  "[[subnet]] 10.79.0.0/16, which is new"));
  ASSERT_EQ(wanted.subnets.size(), 2u);
  EXPECT_EQ(wanted.subnets[0].prefix, running.subnets[0].prefix);
}

TEST_F(Fixed, DisksStayButForWhoUsesThem) {
  const auto disk = [](std::uint8_t slot, const char* file) {
    return DiskConfig{.address = DiskAddress{0, slot}, .file = file};
  };
  running.disks = {disk(1, "one.img"), disk(2, "two.img"), disk(3, "three.img")};
  wanted.disks = {disk(2, "other.img"), disk(1, "one.img"), disk(4, "four.img")};
  wanted.disks[0].boot = false;
  wanted.disks[1].clients = {*MacPattern::parse("52:54:00")};
  wanted.disk_limits.clients_max = 7;
  EXPECT_THAT(kept(),
              ElementsAre("[[disk]] e0.2, all but clients and boot", "[[disk]] e0.3, which is gone",
                          "[[disk]] e0.4, which is new", "[disks]"));
  auto expected = running.disks;
  expected[0].clients = {*MacPattern::parse("52:54:00")};
  expected[1].boot = false;
  EXPECT_EQ(wanted.disks, expected);
  EXPECT_EQ(wanted.disk_limits, running.disk_limits);
}

class Preparing : public testing::Test {
 protected:
  tl::expected<PreparedConfig, std::string> prepared(const std::string& more) {
    Station station;
    station.address = *running.interfaces[0].address;
    return prepare(running, {station}, subnets, parsed(folder.path(), more));
  }
  test::Folder folder;
  Config running = parsed(folder.path()).config;
  std::shared_ptr<const Subnets> subnets = std::make_shared<const Subnets>(running);
};

TEST_F(Preparing, IsCompiledAndCountsOn) {
  const auto config = std::make_shared<const Config>(running);
  SnapshotBuilder before(config, {Station{}});
  const auto catalogue = std::make_shared<const Catalogue>();
  EXPECT_EQ(before.build(catalogue, nullptr).value()->version, 1u);
  auto ready = prepared("[boot]\ndefault_file = \"new.efi\"\n");
  ASSERT_TRUE(ready) << ready.error();
  EXPECT_THAT(ready->need_restart, IsEmpty());
  EXPECT_THAT(ready->warnings, ElementsAre(HasSubstr("has no \"new.efi\" (yet)")));
  ready->snapshots.follow(before);
  const auto next = ready->snapshots.build(catalogue, nullptr).value();
  EXPECT_EQ(next->version, 2u);
  EXPECT_EQ(next->config, ready->config);
  EXPECT_EQ(next->config->boot.default_file, "new.efi");
  ASSERT_EQ(next->stations.size(), 1u);
  EXPECT_EQ(next->stations[0].address, *running.interfaces[0].address);
}

TEST_F(Preparing, ReadsHostsFilesAgain) {
  const std::string file =
      folder.write("r.toml", config_text(folder.path(), "[hosts]\nfiles = [\"hosts.csv\"]\n"));
  // What a server does for SIGHUP.
  const auto host_name = [&]() -> std::string {
    const auto ready = prepare(running, {Station{}}, subnets, configure({.config_file = file}));
    if (!ready) return ready.error();
    return ready->config->hosts.size() == 1 ? ready->config->hosts[0].host_name : "not one host";
  };
  folder.write("hosts.csv", "mac,host_name\n52:54:00:00:00:01,old\n");
  EXPECT_EQ(host_name(), "old");
  folder.write("hosts.csv", "mac,host_name\n52:54:00:00:00:01,new\n");
  EXPECT_EQ(host_name(), "new");
  folder.write("hosts.csv", "mac,host_name\n52:54:00:00:00:01\n");
  EXPECT_THAT(host_name(), HasSubstr("hosts.csv:2:1: error: the line has 1 fields, its header 2"));
}

TEST_F(Preparing, AWrongOneIsNothingButItsProblems) {
  const auto ready = prepared("[tftp]\nretires = 5\nretries = \"many\"\n");
  ASSERT_FALSE(ready);
  EXPECT_THAT(ready.error(), HasSubstr("r.toml:14:1: error: unknown key \"retires\""));
  EXPECT_THAT(ready.error(), HasSubstr("r.toml:15:11: error:"));
}

TEST_F(Preparing, AFolderThatIsGoneIsAProblem) {
  const auto ready = prepare(running, {}, subnets, parsed("/nonexistent/boot"));
  ASSERT_FALSE(ready);
  EXPECT_THAT(ready.error(), HasSubstr("there is no image folder"));
}

class Reloading : public testing::Test {
 protected:
  void turn_until_idle() {
    for (int i = 0; i < 5000 && reloader.busy(); ++i) {
      turn();
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }
  void turn() {
    reloader.turn(
        [this]() -> Reloader::Prepared {
          ++worked;
          while (held) std::this_thread::sleep_for(std::chrono::milliseconds{1});
          return tl::unexpected("problem " + std::to_string(worked));
        },
        [this](Reloader::Prepared&) { ++taken; });
  }
  Reloader::Done note() {
    return [this](const Reloader::Prepared& prepared) { told.push_back(prepared.error()); };
  }
  std::atomic<int> worked = 0;
  std::atomic<bool> held = false;
  int taken = 0;
  std::vector<std::string> told;
  Reloader reloader;  // its thread ends first
};

TEST_F(Reloading, HappensBesideTheControlThread) {
  held = true;
  reloader.ask(note());
  turn();
  turn();
  EXPECT_TRUE(reloader.busy());
  EXPECT_THAT(told, IsEmpty());
  held = false;
  turn_until_idle();
  EXPECT_THAT(told, ElementsAre("problem 1"));
  EXPECT_EQ(taken, 1);
}

TEST_F(Reloading, WhoAsksMeanwhileSharesTheNext) {
  held = true;
  reloader.ask(note());
  turn();
  for (int i = 0; i < 3; ++i) reloader.ask(note());
  held = false;
  turn_until_idle();
  EXPECT_THAT(told, ElementsAre("problem 1", "problem 2", "problem 2", "problem 2"));
  EXPECT_EQ(worked, 2);
  EXPECT_EQ(taken, 2);
}

// What is prepared next follows from what was taken: not from what ran before that.
TEST_F(Reloading, TheNextIsMadeFromWhatWasTaken) {
  held = true;
  reloader.ask(note());
  turn();
  reloader.ask(note());
  held = false;
  for (int i = 0; i < 5000 && taken == 0; ++i) {
    turn();
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(worked, 1) << "started with the work that was given before";
  turn_until_idle();
  EXPECT_EQ(worked, 2);
}

}  // namespace
}  // namespace reveille
