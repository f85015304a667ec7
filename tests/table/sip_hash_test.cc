#include "table/sip_hash.h"

#include <set>

#include <gtest/gtest.h>

namespace reveille {
namespace {

// From the reference implementation's vectors: the key is the octets 0 to 15, the message 0 to 7.
TEST(SipHash, IsThatOfTheReference) {
  constexpr SipKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  EXPECT_EQ(sip_hash(kKey, 0x0706050403020100), 0x93f5f5799a932462);
}

TEST(SipHash, DependsOnSeedAndMessage) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (std::uint64_t message = 0; message < 100; ++message) {
      hashes.insert(sip_hash(SipKey::of(seed), message));
    }
  }
  EXPECT_EQ(hashes.size(), 10'000U);
}

}  // namespace
}  // namespace reveille
