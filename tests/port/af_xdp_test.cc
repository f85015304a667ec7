// When AF_XDP is taken without being asked for.
#include "port/af_xdp.h"

#include <functional>

#include <gtest/gtest.h>

namespace reveille {
namespace {

// An interface that suits, and one thing about it changed.
struct Case {
  const char* what;
  std::function<void(InterfaceConfig&, KernelUse&, std::uint16_t& mtu, unsigned& workers)> change;
  bool suits;
};

bool suits(const Case& one) {
  InterfaceConfig config;
  KernelUse use;
  use.driver = "veth";
  use.stacked = false;
  use.foreign_program = false;
  std::uint16_t mtu = 1500;
  unsigned workers = 1;
  one.change(config, use, mtu, workers);
  return af_xdp_suits(config, use, mtu, workers);
}

TEST(AfXdp, SuitsWhereNothingIsTakenFromAnybody) {
  const Case cases[] = {
      {"as it is", [](auto&, auto&, auto&, auto&) {}, true},
      {"a shorter MTU", [](auto&, auto&, auto& mtu, auto&) { mtu = 1400; }, true},
      {"two queues, two workers",
       [](auto&, auto& use, auto&, auto& workers) {
         use.receive_queues = use.combined_queues = workers = 2;
       },
       true},
      {"VLANs", [](auto& config, auto&, auto&, auto&) { config.vlans.resize(1); }, false},
      {"longer packets asked for", [](auto& config, auto&, auto&, auto&) { config.mtu = 9000; },
       false},
      {"longer packets there", [](auto&, auto&, auto& mtu, auto&) { mtu = 9000; }, false},
      {"a NIC", [](auto&, auto& use, auto&, auto&) { use.driver = "e1000e"; }, false},
      {"a driver that does not say", [](auto&, auto& use, auto&, auto&) { use.driver = ""; },
       false},
      {"an address of the kernel",
       [](auto&, auto& use, auto&, auto&) { use.ipv4_addresses = {"10.77.0.1"}; }, false},
      {"an IPv6 address of the kernel",
       [](auto&, auto& use, auto&, auto&) { use.ipv6_addresses = {"2001:db8::1"}; }, false},
      {"a bridge over it", [](auto&, auto& use, auto&, auto&) { use.stacked = true; }, false},
      {"a program of somebody else",
       [](auto&, auto& use, auto&, auto&) { use.foreign_program = true; }, false},
      {"more queues than workers", [](auto&, auto& use, auto&, auto&) { use.receive_queues = 2; },
       false},
      {"more workers than queues", [](auto&, auto&, auto&, auto& workers) { workers = 2; }, false},
      {"queues that are not combined",
       [](auto&, auto& use, auto&, auto& workers) { use.receive_queues = workers = 2; }, false},
  };
  for (const Case& one : cases) EXPECT_EQ(suits(one), one.suits) << one.what;
}

}  // namespace
}  // namespace reveille
