// Machines that ask for an address: a DISCOVER of each (phase 0), then a REQUEST of each (phase
// 1), in a shuffled order, a burst a turn.
#pragma once

#include <cstdint>
#include <vector>

#include <reveille/address.h>
#include <reveille/bytes.h>
#include <reveille/wire/dhcp.h>

#include "packet/stations.h"
#include "worker/source.h"

namespace reveille::bench {

class Leasers : public Source {
 public:
  Leasers(std::uint32_t machines, const Station& station);

  unsigned fill(std::span<rte_mbuf*> room, std::uint64_t now_cycles) override;
  void sent(std::span<rte_mbuf*> frames, std::uint64_t now_cycles) override;
  [[nodiscard]] unsigned phase() const override { return asked_ < order_.size() ? 0 : 1; }
  [[nodiscard]] bool done() const override { return asked_ == 2 * order_.size(); }
  [[nodiscard]] std::size_t offers() const { return offers_; }
  [[nodiscard]] std::size_t acks() const { return acks_; }
  // After the run: each DISCOVER has had an OFFER, each REQUEST an ACK.
  [[nodiscard]] bool all_answered() const {
    return offers_ == order_.size() && acks_ == order_.size();
  }

 private:
  // A whole frame, of which the machine is filled in.
  struct Template {
    std::vector<std::uint8_t> frame;
    std::size_t requested_address_at = 0;  // 0: it has none
  };
  static Template make(wire::DhcpType type, const Station& station);

  Template discover_;
  Template request_;
  std::vector<Ipv4Address> offered_;  // by machine
  std::vector<std::uint32_t> order_;
  std::size_t asked_ = 0;  // DISCOVERs, then REQUESTs
  std::size_t offers_ = 0;
  std::size_t acks_ = 0;
  bool pause_ = false;
};

}  // namespace reveille::bench
