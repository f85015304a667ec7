// A whole worker whose queue is full from the start.
#include <gtest/gtest.h>

#include "worker/admission.h"
#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;

TEST(Overload, DiscoversGiveWayWhenNoRequestFollowsThreeQueuesOfThem) {
  constexpr unsigned kMachines = 8000;
  // Replies that nobody fetches overflow a short ring, and give their buffers back.
  Site site(Site::Shape{.wire = {.transmit_room = 512}});
  for (unsigned n = 0; n < kMachines; ++n) site.inject(discover(n));
  site.start();
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::dhcp_gave_way) + site.count(Outcome::dhcp_offered), kMachines);
  EXPECT_EQ(site.count(Outcome::dhcp_gave_way), (kMachines - 3 * Admission::kWindow) / 4);
  // Whoever asks anything else is served as ever.
  site.inject(arp_request());
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::arp_answered), 1U);
}

}  // namespace
}  // namespace reveille
