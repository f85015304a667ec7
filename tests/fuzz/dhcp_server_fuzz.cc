// Up to sixteen messages to two workers that have leases already, on a clock that the input
// moves. After each message every address is in exactly one shard and has one holder at most.
//
// A message in the input: two octets that say how it comes, two of length, then the body. The
// fixed fields are set right unless the input asks otherwise, so that mutations reach the
// options and the leases.
#include <algorithm>
#include <cstdlib>

#include "dhcp/lab.h"

namespace reveille::test {
namespace {

constexpr std::size_t kMessagesMax = 16;
constexpr std::size_t kBodyMax = 1472;
// How long until the next message: mostly at once, past each limit of time now and then.
constexpr Nanoseconds kSteps[16] = {0s,     0s, 0s,  0s,  10ms, 100ms, 300ms, 1s,
                                    1100ms, 2s, 10s, 16s, 61s,  601s,  1801s, 3601s};

void require(bool holds) {
  if (!holds) std::abort();
}

Config fuzz_config(std::uint8_t choice) {
  Config config = campus_config(6);
  config.relay.entries = 32;
  config.subnets[2].relays = {Ipv4Address::of(172, 16, 0, 1)};
  config.subnets[0].options = {{119, Octets(300, 7)}};
  Uuid uuid;
  uuid.octets.fill(0x42);
  config.hosts.push_back({.uuid = uuid, .address = Ipv4Address::of(10, 77, 0, 200)});
  config.hosts.push_back({.mac = machine(1), .address = Ipv4Address::of(10, 77, 0, 12)});
  config.hosts.push_back({.client_id = {1, 2, 3}, .address = Ipv4Address::of(10, 99, 1, 2)});
  config.dhcp.authoritative = (choice & 1) != 0;
  config.dhcp.identity = (choice & 2) != 0 ? Identity::client_id : Identity::mac;
  config.relay.drop_copies = (choice & 4) == 0;
  return config;
}

// How a message comes, from two octets of the input.
Message frame_of(std::uint8_t how, std::uint8_t more) {
  Message frame;
  frame.mac = machine(how & 7);
  frame.station = (how >> 3) & 1;
  if ((how & 0x10) != 0) frame.to = frame.station == 0 ? kServer : kServerOnVlan;
  if ((how & 0x20) != 0) frame.giaddr = (more & 1) != 0 ? kRelay : kOtherRelay;
  if ((how & 0x40) != 0) frame.link_source = machine(99);
  frame.service = (how & 0x80) != 0 ? Service::boot_server : Service::dhcp;
  return frame;
}

void set_right(Octets& body, const Message& frame, std::uint8_t more) {
  constexpr std::size_t kOptions = 240;
  if (body.size() < kOptions) body.resize(kOptions);
  body[0] = 1;
  body[1] = 1;
  body[2] = 6;
  body[3] &= 15;
  std::copy(frame.mac.octets.begin(), frame.mac.octets.end(), body.begin() + 28);
  store_be32(&body[24], frame.giaddr.value);
  if ((more & 2) == 0) store_be32(&body[12], 0);
  store_be32(&body[236], 0x63825363);
}

void check(const Heard& heard) {
  for (const Sent& sent : heard.replies) {
    require(sent.frame.size() <= 1518);
    const wire::DhcpView view = sent.view();
    require(view.op() == wire::DhcpOp::reply);
    const Ipv4Address yiaddr = view.yiaddr();
    require(yiaddr != kServer && yiaddr != kServerOnVlan && yiaddr != Ipv4Address::broadcast());
    const bool gives = view.type() == DhcpType::offer;
    require(!gives || !yiaddr.is_zero());
  }
}

void converse(Bytes input) {
  if (input.empty()) return;
  Lab lab(fuzz_config(input[0]), 2, 1);
  input = input.subspan(1);
  // Leases that are there already: bound, offered, declined, through a relay.
  const Ipv4Address bound = lab.lease(machine(0));
  lab.lease(machine(1));
  lab.send({.mac = machine(2)});
  const Ipv4Address declined = lab.lease(machine(3));
  lab.send(
      {.type = DhcpType::decline, .mac = machine(3), .requested = declined, .server = kServer});
  lab.lease_through(kRelay, machine(4));
  require(!bound.is_zero());

  for (std::size_t count = 0; count < kMessagesMax && input.size() >= 4; ++count) {
    const std::uint8_t how = input[0];
    const std::uint8_t more = input[1];
    const std::size_t said = load_be16(&input[2]) % (kBodyMax + 1);
    const std::size_t length = std::min(said, input.size() - 4);
    Octets body(input.begin() + 4, input.begin() + 4 + static_cast<std::ptrdiff_t>(length));
    input = input.subspan(4 + length);
    Message frame = frame_of(how, more);
    if ((more & 4) == 0) set_right(body, frame, more);
    // The owner is chosen by chaddr, as a worker does.
    if (body.size() >= 34) frame.mac = MacAddress::from(&body[28]);
    lab.leave_replies((more & 8) != 0 ? 0 : 64);
    check(lab.send(frame, body));
    lab.leave_replies(64);
    lab.wait(kSteps[more >> 4]);
    lab.check_leases();
  }
}

}  // namespace
}  // namespace reveille::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reveille::test::converse({data, size});
  return 0;
}
