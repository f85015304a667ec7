// A thousand reloads while clients ask: no request is lost, delayed or answered twice.
#include <thread>

#include <gtest/gtest.h>

#include "control/reload/prepare.h"
#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;

constexpr unsigned kReloads = 1000;
constexpr unsigned kRequestsPerReload = 10;

class ReloadUnderLoad : public testing::TestWithParam<std::uint16_t> {};
INSTANTIATE_TEST_SUITE_P(Workers, ReloadUnderLoad, testing::Values(1, 2));

std::vector<Station> stations_of(const Site& site) {
  const Stations all = site.snapshot()->stations;
  return {all.begin(), all.end()};
}

// What stands in the file that is read again: its boot file changes each time.
ParsedConfig wanted(const Config& running, unsigned number) {
  ParsedConfig parsed;
  parsed.config = running;
  parsed.config.boot.files = {{0, number % 2 == 0 ? "undionly.kpxe" : "small"}};
  parsed.config.subnets[0].domain_name = "n" + std::to_string(number) + ".example";
  parsed.config.images.root.clear();
  return parsed;
}

TEST_P(ReloadUnderLoad, EveryRequestHasItsReply) {
  Site site(Site::Shape{.workers = GetParam()});
  site.start();
  const auto catalogue = std::make_shared<const Catalogue>(site.images, Catalogue::Options{});
  const std::vector<Station> stations = stations_of(site);
  std::size_t replies = 0;
  for (unsigned number = 0; number < kReloads; ++number) {
    for (unsigned i = 0; i < kRequestsPerReload; i += 2) {
      site.inject(discover(number % 500 * kRequestsPerReload + i));
      site.inject(arp_request(i));
    }
    auto ready = prepare(site.config, stations, std::make_shared<const Subnets>(site.config),
                         wanted(site.config, number));
    ASSERT_TRUE(ready) << ready.error();
    site.workers->publish(ready->snapshots.build(catalogue, nullptr).value());
    site.workers->retire();
    // The wire has an end too, should this machine be slow.
    ASSERT_TRUE(site.await([&site] { return site.wire.waiting() < 1000; }));
    site.wire.for_each_sent([&replies](const rte_mbuf&) { ++replies; });
  }
  ASSERT_TRUE(site.settle());
  site.wire.for_each_sent([&replies](const rte_mbuf&) { ++replies; });
  EXPECT_EQ(site.injected, kReloads * kRequestsPerReload);
  EXPECT_EQ(replies, site.injected);
  EXPECT_EQ(site.count(Outcome::dhcp_offered), site.injected / 2);
  EXPECT_EQ(site.count(Outcome::arp_answered), site.injected / 2);
}

// From its next request on, a client is told what the new configuration says.
TEST_P(ReloadUnderLoad, TheNextReplyIsTheNewOne) {
  Site site(Site::Shape{.workers = GetParam()});
  site.start();
  const auto catalogue = std::make_shared<const Catalogue>(site.images, Catalogue::Options{});
  const std::vector<Station> stations = stations_of(site);
  for (unsigned number = 0; number < 50; ++number) {
    auto ready = prepare(site.config, stations, std::make_shared<const Subnets>(site.config),
                         wanted(site.config, number));
    ASSERT_TRUE(ready) << ready.error();
    site.workers->publish(ready->snapshots.build(catalogue, nullptr).value());
    site.inject(discover(7));
    ASSERT_TRUE(site.settle());
    const std::vector<Octets> frames = site.wire.collect();
    ASSERT_EQ(frames.size(), 1u);
    const std::string bytes(frames[0].begin(), frames[0].end());
    EXPECT_NE(bytes.find("n" + std::to_string(number) + ".example"), std::string::npos) << number;
  }
}

}  // namespace
}  // namespace reveille
