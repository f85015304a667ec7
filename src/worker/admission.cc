#include "worker/admission.h"

#include <algorithm>
#include <array>

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
  if (!more_waits) {
    standing_ = 0;
    left_out_ = 0;
    measured_ = false;
    share_ = std::min(share_ + kRecovery, kWhole);
    return;
  }
  standing_ += frames;
  if (standing_ >= kWindow) decide(outcomes);
}

// The REQUESTs of one window follow the OFFERs of the one before.
void Admission::decide(const OutcomeCounts& outcomes) {
  const std::uint64_t offers =
      outcomes[Outcome::dhcp_offered] + outcomes[Outcome::dhcp_offered_another];
  const std::uint64_t requests = outcomes[Outcome::dhcp_acked] + outcomes[Outcome::dhcp_nakked] +
                                 outcomes[Outcome::dhcp_other_server] +
                                 outcomes[Outcome::dhcp_unknown_lease];
  const std::uint64_t dhcp =
      offers + requests + outcomes[Outcome::dhcp_relay_copy] + outcomes[Outcome::dhcp_gave_way];
  // Of what ended here: other workers count what was handed over to them.
  const std::uint64_t all = outcomes.total();
  const bool mostly_dhcp = (dhcp - dhcp_) * 2 >= all - all_;
  const bool wasted = measured_ && mostly_dhcp && (requests - requests_) * 8 < offers_before_ * 7;
  const bool helps = (standing_ - left_out_) * kGlancesPerAnswer > standing_;
  if (!wasted) {
    share_ = std::min(share_ + kWhole / 64, kWhole);
  } else if (helps) {
    share_ = std::max(share_ - share_ / 4, kLeast);
  }
  offers_before_ = measured_ ? offers - offers_ : 0;
  offers_ = offers;
  requests_ = requests;
  dhcp_ = dhcp;
  all_ = all;
  measured_ = true;
  standing_ = 0;
  left_out_ = 0;
}

}  // namespace reveille
