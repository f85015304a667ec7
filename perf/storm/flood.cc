#include "storm/flood.h"

#include <algorithm>

#include <reveille/wire/ethernet.h>
#include <reveille/wire/ipv4.h>
#include <reveille/wire/udp.h>

namespace reveille::storm {
namespace {

using wire::DhcpOption;
using wire::DhcpType;

constexpr std::size_t kUdp = wire::kEthernetHeader + wire::kIpv4Header;
constexpr std::size_t kUdpChecksum = kUdp + 6;
constexpr std::size_t kDhcp = kUdp + wire::kUdpHeader;
constexpr std::size_t kSourceMac = 6;
constexpr std::size_t kXid = kDhcp + 4;
constexpr std::size_t kChaddr = kDhcp + 28;

// Frames that wait for the port at most, and that one turn adds: answers are looked at in between.
constexpr std::uint64_t kQueue = 256;
constexpr std::uint64_t kTurnMax = 32;

const Profile& plain() {
  return profiles()[*profile_named("plain")];
}

// Keeps one frame.
class Keeper : public Outlet {
 public:
  MutableBytes room() override {
    frame.resize(kRoom);
    return frame;
  }
  void send(std::size_t length) override { frame.resize(length); }

  std::vector<std::uint8_t> frame;
};

std::uint32_t xid_at(Instant now) {
  return static_cast<std::uint32_t>((now - Instant{}) / 1us);
}

}  // namespace

Flood::Flood(const FloodConfig& config, Outlet& outlet)
    : config_(config),
      outlet_(outlet),
      network_(outlet),
      leased_(static_cast<std::size_t>(config.rate *
                                       std::chrono::duration<double>(config.duration).count()) +
              1) {
  Keeper keeper;
  Network network(keeper);
  const std::size_t length = write_request(network.payload(), plain(), {});
  network.send(broadcast_from({}), length);
  discover_ = std::move(keeper.frame);
  discover_sum_ = static_cast<std::uint16_t>(~load_be16(&discover_[kUdpChecksum]));
}

void Flood::tick(Instant now) {
  now_ = now;
  const Nanoseconds passed = std::min(now - Instant{}, config_.duration);
  const double seconds = std::chrono::duration<double>(passed).count();
  const auto due = static_cast<std::uint64_t>(config_.rate * seconds);
  const std::uint64_t all = due - counters_.discovers + requests_.size();
  const std::uint64_t room = kQueue - std::min<std::uint64_t>(kQueue, outlet_.waiting());
  const std::uint64_t sent = std::min({all, room, kTurnMax});
  counters_.dropped += all - sent;
  std::uint64_t left = sent;
  for (std::uint64_t i = 0; i < requests_.size(); ++i) {
    if (std::uniform_int_distribution<std::uint64_t>(1, all - i)(random_) > left) continue;
    send_request(requests_[i]);
    --left;
  }
  requests_.clear();
  for (; left > 0; --left) send_discover();
  counters_.discovers = due;
}

void Flood::send_discover() {
  const MacAddress mac =
      mac_of(config_.first_machine + static_cast<std::uint32_t>(counters_.discovers++));
  const std::uint32_t xid = xid_at(now_);
  const MutableBytes room = outlet_.room();
  std::ranges::copy(discover_, room.begin());
  std::ranges::copy(mac.octets, &room[kSourceMac]);
  std::ranges::copy(mac.octets, &room[kChaddr]);
  store_be32(&room[kXid], xid);
  const std::uint64_t number = mac.number();
  const std::uint64_t sum = discover_sum_ + (xid >> 16) + (xid & 0xffff) + (number >> 32) +
                            ((number >> 16) & 0xffff) + (number & 0xffff);
  const auto checksum = static_cast<std::uint16_t>(~wire::fold(sum));
  store_be16(&room[kUdpChecksum], checksum == 0 ? 0xffff : checksum);
  outlet_.send(discover_.size());
}

void Flood::send_request(const DhcpRequest& request) {
  const std::size_t length = write_request(network_.payload(), plain(), request);
  network_.send(broadcast_from(request.mac), length);
}

void Flood::receive(Bytes frame, Instant now) {
  const auto ethernet = wire::EthernetView::parse(frame);
  if (!ethernet || ethernet->type() != wire::EtherType::ipv4) return;
  const auto packet = wire::Ipv4View::parse(ethernet->payload());
  if (!packet || packet->protocol() != wire::IpProtocol::udp) return;
  const auto datagram = wire::UdpView::parse(*packet);
  if (!datagram || datagram->source_port() != wire::kDhcpServerPort) return;
  if (!datagram->checksum_left_to_hardware() && !datagram->checksum_good()) return;
  const auto reply = wire::DhcpView::parse(datagram->payload());
  if (!reply || reply->op() != wire::DhcpOp::reply) return;
  const std::uint32_t number = number_of(reply->chaddr()) - config_.first_machine;
  if (number >= counters_.discovers || reply->yiaddr().is_zero()) return;
  const Nanoseconds waited = 1us * static_cast<std::uint32_t>(xid_at(now) - reply->xid());
  if (reply->type() != DhcpType::offer && reply->type() != DhcpType::ack) return;
  if (waited > config_.patience) {
    ++counters_.late;
  } else if (reply->type() == DhcpType::offer) {
    ++counters_.offers;
    requests_.push_back(
        {.type = DhcpType::request,
         .mac = reply->chaddr(),
         .xid = reply->xid(),
         .requested = reply->yiaddr(),
         .server = reply->option_address(DhcpOption::server_identifier).value_or(Ipv4Address{})});
  } else if (!leased_[number]) {
    leased_[number] = true;
    ++(now - Instant{} <= config_.duration ? counters_.leases : counters_.after);
    lease_time_.add(waited);
  }
}

}  // namespace reveille::storm
