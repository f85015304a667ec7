// What became of a frame, at the servers of the recordings.
#pragma once

#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "packet/classify.h"
#include "vectors/frames.h"

namespace reveille {

using Numbers = std::vector<std::uint16_t>;

inline Station station(std::uint16_t port, std::uint16_t vlan, const char* mac,
                       const char* address) {
  Station made;
  made.port = port;
  made.vlan = vlan;
  made.mac = *MacAddress::parse(mac);
  made.address = *Ipv4Prefix::parse(address);
  made.link_local = Ipv6Address::link_local(made.mac);
  return made;
}

// The servers of the recordings, one a port; port 0 also has two VLANs.
enum Port : std::uint16_t { kIpxe, kProxy, kRouter };
inline Snapshot servers() {
  Snapshot snapshot;
  snapshot.stations.push_back(station(kIpxe, 0, "fa:40:f8:d2:05:89", "10.78.0.1/24"));
  snapshot.stations.push_back(station(kIpxe, 10, "fa:40:f8:d2:05:89", "10.79.0.1/24"));
  snapshot.stations.push_back(station(kIpxe, 4094, "fa:40:f8:d2:05:89", "10.80.0.1/31"));
  snapshot.stations.push_back(station(kProxy, 0, "4e:f1:cc:67:26:91", "10.78.0.1/24"));
  // A bridge that kept its link-local address when it took over the MAC address of a member.
  Station router = station(kRouter, 0, "4e:f1:cc:67:26:91", "10.78.0.1/24");
  router.link_local = Ipv6Address::link_local(*MacAddress::parse("ba:7e:6a:77:06:e6"));
  snapshot.stations.push_back(router);
  return snapshot;
}

// What became of a frame: its service, or the outcome. The frame is copied to the end of its own
// allocation, so that a read past it is found by the sanitizers.
struct Fate {
  std::optional<Request> request;
  Outcome outcome{};
};
class Classify : public testing::Test {
 protected:
  Fate fate(const Octets& frame, FrameInfo info = {}) {
    kept_ = Octets(frame.begin(), frame.end());
    const auto request = classify(kept_, info, snapshot_);
    if (request) return {*request, {}};
    return {std::nullopt, request.refusal()};
  }
  Outcome refusal(const Octets& frame, FrameInfo info = {}) {
    const Fate found = fate(frame, info);
    EXPECT_FALSE(found.request);
    return found.outcome;
  }
  bool accepted(const Octets& frame, FrameInfo info = {}) {
    return fate(frame, info).request.has_value();
  }

  Snapshot snapshot_ = servers();
  Octets kept_;
};

}  // namespace reveille
