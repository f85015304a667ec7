// Another server's leases reach the workers that own their addresses, a few at a time, and are done
// with when they are on disk.
#include <gtest/gtest.h>

#include "dhcp/client_key.h"
#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;
using Said = LeaseImport::Answer;

LeaseImport piece(const Site& site, unsigned first, unsigned count) {
  std::vector<LeaseChange> leases;
  for (unsigned n = first; n < first + count; ++n) {
    leases.push_back({.kind = LeaseChange::Kind::bound,
                      .address = {Ipv4Address::of(10, 78, 1, 0).value + n},
                      .client = ethernet_key_of(client_mac(n)),
                      .until = site.workers->now() + 1h,
                      .mac = client_mac(n),
                      .version = 1});
  }
  return {std::move(leases), site.workers->count()};
}

// The greatest that a worker says.
Said fate(const LeaseImport& piece, std::size_t lease) {
  Said said = Said::not_mine;
  for (const auto& answers : piece.answers) said = std::max(said, answers[lease]);
  return said;
}

class Imports : public testing::TestWithParam<std::uint16_t> {};
INSTANTIATE_TEST_SUITE_P(Workers, Imports, testing::Values(1, 3));

TEST_P(Imports, ClientsAreOfferedWhatTheyHaveFromThenOn) {
  constexpr unsigned kCount = 1000;
  Site site({.workers = GetParam(), .wire = {}});
  site.start();
  LeaseImport leases = piece(site, 0, kCount);
  const auto is_settled = [&] {
    for (std::size_t i = 0; i < kCount; ++i) {
      if (fate(leases, i) != Said::taken && fate(leases, i) != Said::known) return false;
    }
    return true;
  };
  // Addresses move to the workers of their clients meanwhile.
  EXPECT_TRUE(Site::await([&] {
    site.workers->import_leases(leases);
    return Site::await([&] { return site.workers->imported(); }) && is_settled();
  }));
  EXPECT_TRUE(Site::await([&] { return site.workers->statistics().groups.at(0).bound == kCount; }));
  for (unsigned client = 0; client < 60; ++client) site.inject(discover(client * 16));
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::dhcp_offered), 60U);
  for (const Octets& frame : site.wire.collect()) {
    const MacAddress mac = MacAddress::from(&frame[42 + 28]);
    const unsigned client = mac.octets[4] * 256U + mac.octets[5];
    const Ipv4Address offered{load_be32(&frame[42 + 16])};
    EXPECT_EQ(offered.value, Ipv4Address::of(10, 78, 1, 0).value + client) << offered.text();
  }
}

// Half of what may be on its way to the disk is left to clients, whatever is imported.
TEST(ImportsOfOneWorker, WaitForTheDiskAndLeaveRoomForClients) {
  Site site({.workers = 1, .wire = {}}, {}, {.durable_leases = true});
  site.start();
  LeaseImport first = piece(site, 0, LeaseImport::kLeasesMax);
  site.workers->import_leases(first);
  std::vector<LeaseChange> changes(5000);
  std::size_t taken = 0;
  const auto take = [&] {
    taken += site.workers->take_lease_changes(0, std::span(changes).subspan(taken));
    return taken;
  };
  ASSERT_TRUE(Site::await([&] { return take() == LeaseImport::kLeasesMax; }));
  EXPECT_EQ(changes[5].kind, LeaseChange::Kind::bound);
  EXPECT_EQ(changes[5].address, first.leases[5].address);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(site.workers->imported()) << "it is not on disk yet";
  site.workers->leases_reached_disk(0, LeaseImport::kLeasesMax);
  EXPECT_TRUE(Site::await([&] { return site.workers->imported(); }));

  // Nothing reaches the disk any more.
  LeaseImport more = piece(site, 2000, 3000);
  site.workers->import_leases(more);
  ASSERT_TRUE(Site::await([&] { return take() >= LeaseImport::kLeasesMax + 2000; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LE(take(), LeaseImport::kLeasesMax + 2048);
  EXPECT_FALSE(site.workers->imported());
  for (unsigned client = 20'000; client < 20'010; ++client) site.inject(discover(client));
  ASSERT_TRUE(Site::await([&] { return site.count(Outcome::dhcp_offered) == 10U; }));
  EXPECT_TRUE(Site::await([&] {
    site.workers->leases_reached_disk(0, take());
    return site.workers->imported();
  }));
  EXPECT_EQ(taken, LeaseImport::kLeasesMax + 3000);
}

}  // namespace
}  // namespace reveille
