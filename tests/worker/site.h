// A whole data plane on a wire in the test's hands: workers as shipped, clients as frames.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <reveille/wire/tftp.h>

#include "dhcp/subnets.h"
#include "image/catalogue.h"
#include "image/memory_image.h"
#include "policy/boot_policy.h"
#include "vectors/frames.h"
#include "worker/ring_port.h"
#include "worker/workers.h"

namespace reveille::test {

inline constexpr MacAddress kServerMac{{0xfa, 0x40, 0xf8, 0xd2, 0x05, 0x89}};
inline constexpr Ipv4Address kServer = Ipv4Address::of(10, 78, 0, 1);

// Octets of which neighbouring stretches differ.
inline Octets pattern(std::size_t size) {
  Octets octets(size);
  for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return octets;
}

class Site {
 public:
  struct Shape {
    std::uint16_t workers = 1;
    RingPort::Shape wire;
    Idle idle = Idle::adaptive;
  };

  using Change = std::function<void(Config&)>;

  Site() : Site(Shape{}) {}
  explicit Site(const Change& change) : Site(Shape{}, change) {}
  explicit Site(const Shape& shape, const Change& change = {}, Workers::Options options = {})
      : wire(shape.wire) {
    config.interfaces = {wire.config("10.78.0.1/16")};
    SubnetConfig subnet;
    subnet.prefix = *Ipv4Prefix::parse("10.78.0.0/16");
    subnet.pools = {{Ipv4Address::of(10, 78, 1, 0), Ipv4Address::of(10, 78, 200, 255)}};
    config.subnets = {subnet};
    // What leaves answers what came, and can be counted.
    config.dhcp.detect_conflicts = false;
    config.workers.count = shape.workers;
    config.workers.idle = shape.idle;
    images = {make_image("undionly.kpxe", pattern(60001)), make_image("small", pattern(700))};
    if (change) change(config);
    options.seed = 7;
    auto opened = Workers::open(test_eal(), config, options);
    EXPECT_TRUE(opened) << opened.error();
    workers = std::move(*opened);
    wire.opened();
  }

  std::unique_ptr<Snapshot> snapshot(std::uint64_t version = 0) const {
    auto made = std::make_unique<Snapshot>();
    made->version = version;
    for (Station station : workers->stations()) {
      station.mac = kServerMac;  // a ring has none
      station.link_local = Ipv6Address::link_local(kServerMac);
      made->stations.push_back(station);
    }
    made->config = std::make_shared<const Config>(config);
    made->subnets = std::make_shared<const Subnets>(config);
    made->catalogue = std::make_shared<const Catalogue>(images, Catalogue::Options{});
    made->policy = std::make_shared<const BootPolicy>(config, *made->catalogue);
    made->disks = disks;
    return made;
  }
  void start() {
    const auto started = workers->start(snapshot());
    ASSERT_TRUE(started) << started.error();
  }

  // Everything injected has been served and the workers have said so.
  [[nodiscard]] bool settle() {
    return await([this] {
      return workers->statistics().sum().frames_received == injected && workers->exhausted();
    });
  }
  static bool await(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
  }
  void inject(const Octets& frame, unsigned queue = 0, unsigned segments = 1) {
    ASSERT_TRUE(wire.inject(frame, queue, segments));
    ++injected;
  }
  std::uint64_t count(Outcome outcome) const {
    return workers->statistics().sum().outcomes[outcome];
  }

  Config config;
  std::vector<std::shared_ptr<const Image>> images;
  std::shared_ptr<const Disks> disks;  // none
  RingPort wire;
  std::unique_ptr<Workers> workers;
  std::uint64_t injected = 0;
};

// Since the last time that it was asked, while the thread listened.
inline bool has_rung(Doorbell& doorbell) {
  pollfd one{.fd = doorbell.descriptor(), .events = POLLIN, .revents = 0};
  const bool rung = poll(&one, 1, 0) == 1;
  if (rung) doorbell.take_ring();
  return rung;
}

// The n-th client.
inline MacAddress client_mac(unsigned n) {
  return {{0x02, 0x11, 0, static_cast<std::uint8_t>(n >> 16), static_cast<std::uint8_t>(n >> 8),
           static_cast<std::uint8_t>(n)}};
}
inline Ipv4Address client_address(unsigned n) {
  return {Ipv4Address::of(10, 78, 210, 0).value + n};
}

inline Octets arp_request(unsigned client = 0) {
  Octets frame = captured("ipxe_arp_request");
  const MacAddress mac = client_mac(client);
  std::copy(mac.octets.begin(), mac.octets.end(), &frame[6]);
  std::copy(mac.octets.begin(), mac.octets.end(), &frame[22]);
  return frame;
}

inline Octets udp(unsigned client, std::uint16_t from_port, std::uint16_t to_port, Octets payload) {
  return UdpFrame{.source_mac = client_mac(client),
                  .source = client_address(client),
                  .source_port = from_port,
                  .destination_port = to_port,
                  .payload = std::move(payload)}
      .bytes();
}

// A DHCP message of iPXE, broadcast as another machine would send it.
inline Octets broadcast_by(unsigned client, Octets payload) {
  const MacAddress mac = client_mac(client);
  store_be32(&payload[4], 0x52450000 + client);  // xid
  std::copy(mac.octets.begin(), mac.octets.end(), &payload[28]);
  return UdpFrame{.destination_mac = MacAddress::broadcast(),
                  .source_mac = mac,
                  .source = {},
                  .destination = Ipv4Address::broadcast(),
                  .source_port = 68,
                  .destination_port = 67,
                  .payload = std::move(payload)}
      .bytes();
}

inline Octets discover(unsigned client) {
  return broadcast_by(client, captured_payload("ipxe_discover"));
}

inline Octets read_request(unsigned client, std::uint16_t port, std::string_view file,
                           std::vector<wire::TftpOption> options = {}) {
  Octets payload(400);
  payload.resize(wire::write_tftp_read_request(payload, file, "octet", options));
  return udp(client, port, 69, std::move(payload));
}
inline Octets ack(unsigned client, std::uint16_t port, std::uint16_t tid, std::uint16_t block) {
  Octets payload(4);
  wire::write_tftp_ack(payload, block);
  return udp(client, port, tid, std::move(payload));
}

}  // namespace reveille::test
