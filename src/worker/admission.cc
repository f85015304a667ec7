#include "worker/admission.h"

#include <algorithm>
#include <array>
#include <utility>

#include <reveille/wire/dhcp.h>

namespace reveille {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kTagged = 0x8100;
constexpr std::uint32_t kCookie = 0x63825363;               // RFC 2131 section 3
constexpr std::array<std::uint8_t, 3> kDiscover{53, 1, 1};  // message type, one octet, DHCPDISCOVER

}  // namespace

bool looks_like_discover(Bytes frame) {
  if (frame.size() < Admission::kGlance - 4) return false;
  const bool tagged = load_be16(&frame[12]) == kTagged;
  if (tagged && frame.size() < Admission::kGlance) return false;
  const std::uint8_t* const ip = &frame[tagged ? 18 : 14];
  if (load_be16(ip - 2) != kIpv4 || ip[0] != 0x45 || ip[9] != 17) return false;
  if (load_be16(ip + 22) != wire::kDhcpServerPort) return false;
  const std::uint8_t* const options = ip + 28 + wire::kDhcpOptionsOffset;
  return load_be32(options - 4) == kCookie &&
         std::equal(kDiscover.begin(), kDiscover.end(), options);
}

bool Admission::leaves_out(Bytes frame) {
  if (!looks_like_discover(frame)) return false;
  credit_ += share_;
  if (credit_ >= kWhole) {
    credit_ -= kWhole;
    return false;
  }
  ++left_out_;
  return true;
}

void Admission::looked(std::uint32_t frames, bool more_waits, const OutcomeCounts& outcomes) {
  standing_ += frames;
  if (!more_waits) {
    admit_more(kRecovery);
    if (!losses_) {
      standing_ = 0;
      left_out_ = 0;
      measured_ = false;
    }
  }
  if (standing_ < kWindow) return;
  if (losses_) {
    decide_by_losses(outcomes);
  } else {
    decide_by_requests(outcomes);
  }
}

// What a queue loses it loses while we serve what was in it: the window that lost is this one.
void Admission::decide_by_losses(const OutcomeCounts& outcomes) {
  const std::uint64_t lost = losses_() - lost_;
  lost_ += lost;
  const std::uint32_t seen = standing_;
  const bool helps = still_helps();
  const Window window = close_window(outcomes);
  if (lost * kBearable <= seen) {
    admit_more(kWhole / 64);
  } else if (window.mostly_dhcp && helps) {
    admit_less(share_ / 8);
  }
}

// The REQUESTs of one window follow the OFFERs of the one before.
void Admission::decide_by_requests(const OutcomeCounts& outcomes) {
  const bool was_measured = std::exchange(measured_, true);
  const std::uint64_t offers_before = offers_before_;
  const bool helps = still_helps();
  const Window window = close_window(outcomes);
  offers_before_ = was_measured ? window.offers : 0;
  if (!was_measured || !window.mostly_dhcp || window.requests * 8 >= offers_before * 7) {
    admit_more(kWhole / 64);
  } else if (helps) {
    admit_less(share_ / 4);
  }
}

// What has become of frames since the last decision: of those that ended here, since other workers
// count what was handed over to them.
Admission::Window Admission::close_window(const OutcomeCounts& outcomes) {
  const std::uint64_t offers =
      outcomes[Outcome::dhcp_offered] + outcomes[Outcome::dhcp_offered_another];
  const std::uint64_t requests = outcomes[Outcome::dhcp_acked] + outcomes[Outcome::dhcp_nakked] +
                                 outcomes[Outcome::dhcp_other_server] +
                                 outcomes[Outcome::dhcp_unknown_lease];
  const std::uint64_t dhcp = offers + requests + outcomes[Outcome::dhcp_relay_copy] +
                             outcomes[Outcome::dhcp_gave_way] + outcomes[Outcome::lease_store_full];
  const std::uint64_t all = outcomes.total();
  const Window window{.offers = offers - offers_,
                      .requests = requests - requests_,
                      .mostly_dhcp = (dhcp - dhcp_) * 2 >= all - all_};
  offers_ = offers;
  requests_ = requests;
  dhcp_ = dhcp;
  all_ = all;
  standing_ = 0;
  left_out_ = 0;
  return window;
}

bool Admission::still_helps() const {
  return (standing_ - left_out_) * kGlancesPerAnswer > standing_;
}

}  // namespace reveille
