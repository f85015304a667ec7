#include "packet/stations.h"

namespace reveille {

void Stations::push_back(const Station& station) {
  while (by_vlan_.size() <= station.port) by_vlan_.emplace_back().fill(kNone);
  if (station.vlan < kVlans) {
    std::uint16_t& found = by_vlan_[station.port][station.vlan];
    if (found == kNone) found = static_cast<std::uint16_t>(all_.size());
  }
  all_.push_back(station);
}

}  // namespace reveille
