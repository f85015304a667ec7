// A port whose wire is in the test's hands: DPDK's net_ring, frames as octets.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rte_dev.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <reveille/bytes.h>
#include <reveille/config.h>

#include "port/pools.h"
#include "port/test_eal.h"
#include "vectors/vectors.h"
#include "worker/race_detector.h"

namespace reveille::test {

// Opened through Workers or Port by config(); destroyed after them.
class RingPort {
 public:
  struct Shape {
    unsigned receive_queues = 1;
    unsigned transmit_queues = 1;
    unsigned transmit_room = 4096;  // frames that wait for collect() in each queue
    std::uint16_t mtu = kMtuDefault;
  };

  RingPort() : RingPort(Shape{}) {}
  explicit RingPort(Shape shape) : mtu_(shape.mtu), name_("t" + std::to_string(next_number())) {
    test_eal();
    if (kRaceDetector) use_visible_pools();
    pool_.reset(rte_pktmbuf_pool_create(
        (name_ + "pool").c_str(), shape.mtu == kMtuDefault ? 8191 : 1023, 0, sizeof(FrameNote),
        static_cast<std::uint16_t>(RTE_PKTMBUF_HEADROOM + frame_room(shape.mtu)), SOCKET_ID_ANY));
    for (unsigned i = 0; i < shape.receive_queues; ++i) to_port_.push_back(make_ring(8192));
    for (unsigned i = 0; i < shape.transmit_queues; ++i) {
      from_port_.push_back(make_ring(shape.transmit_room));
    }
    EXPECT_GE(rte_eth_from_rings(name_.c_str(), to_port_.data(), shape.receive_queues,
                                 from_port_.data(), shape.transmit_queues, 0),
              0);
  }
  ~RingPort() {
    collect();
    rte_mbuf* frame = nullptr;
    for (rte_ring* ring : to_port_) {
      while (rte_ring_dequeue(ring, reinterpret_cast<void**>(&frame)) == 0) rte_pktmbuf_free(frame);
    }
    rte_eal_hotplug_remove("vdev", device().c_str());
    for (rte_ring* ring : to_port_) rte_ring_free(ring);
    for (rte_ring* ring : from_port_) rte_ring_free(ring);
  }
  RingPort(const RingPort&) = delete;
  RingPort& operator=(const RingPort&) = delete;

  [[nodiscard]] std::string device() const { return "net_ring_" + name_; }
  [[nodiscard]] InterfaceConfig config(const char* address = "10.77.0.1/16") const {
    InterfaceConfig config;
    config.vdev = device();
    config.address = Ipv4Prefix::parse(address);
    config.mtu = mtu_;
    return config;
  }

  // Once Workers or Port has opened it, and before anything is polled.
  void opened() {
    if (!kRaceDetector) return;
    std::uint16_t port = 0;
    ASSERT_EQ(rte_eth_dev_get_port_by_name(device().c_str(), &port), 0);
    watch_port(port, injected_, sent_);
  }

  // Puts a frame on the wire towards the port, in so many segments; false when its queue is full.
  bool inject(Bytes octets, unsigned queue = 0, unsigned segments = 1) {
    rte_mbuf* frame = nullptr;
    const std::size_t part = octets.size() / segments;
    for (unsigned i = 0; i < segments; ++i) {
      rte_mbuf* const segment = rte_pktmbuf_alloc(pool_.get());
      if (segment == nullptr) return false;
      const Bytes bytes =
          i + 1 < segments ? octets.subspan(i * part, part) : octets.subspan(i * part);
      std::memcpy(rte_pktmbuf_append(segment, static_cast<std::uint16_t>(bytes.size())),
                  bytes.data(), bytes.size());
      if (frame == nullptr) {
        frame = segment;
      } else {
        rte_pktmbuf_chain(frame, segment);
      }
    }
    injected_.leave();
    if (rte_ring_enqueue(to_port_[queue], frame) == 0) return true;
    rte_pktmbuf_free(frame);
    return false;
  }

  // The same frame as a device delivers it that takes the tag out (RTE_MBUF_F_RX_VLAN_STRIPPED).
  bool inject_stripped(Bytes untagged, std::uint16_t vlan) {
    rte_mbuf* const frame = rte_pktmbuf_alloc(pool_.get());
    std::memcpy(rte_pktmbuf_append(frame, static_cast<std::uint16_t>(untagged.size())),
                untagged.data(), untagged.size());
    frame->vlan_tci = vlan;
    frame->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    injected_.leave();
    return rte_ring_enqueue(to_port_[0], frame) == 0;
  }

  // Takes what the port has sent so far, all queues, shows it to `look` and frees it.
  template <class Look>
  void for_each_sent(Look&& look) {
    std::array<rte_mbuf*, 64> frames;
    for (rte_ring* ring : from_port_) {
      while (const unsigned count = rte_ring_dequeue_burst(
                 ring, reinterpret_cast<void**>(frames.data()), frames.size(), nullptr)) {
        sent_.arrive();
        for (unsigned i = 0; i < count; ++i) look(*frames[i]);
        rte_pktmbuf_free_bulk(frames.data(), count);
      }
    }
  }
  std::vector<Octets> collect() {
    std::vector<Octets> frames;
    for_each_sent([&frames](const rte_mbuf& frame) { frames.push_back(octets_of(frame)); });
    return frames;
  }
  void discard() {
    for_each_sent([](const rte_mbuf&) {});
  }
  // Buffers of received frames that nobody holds, and frames that no port has taken yet.
  [[nodiscard]] std::size_t free_buffers() const { return rte_mempool_avail_count(pool_.get()); }
  [[nodiscard]] std::size_t waiting() const {
    std::size_t frames = 0;
    for (const rte_ring* ring : to_port_) frames += rte_ring_count(ring);
    return frames;
  }
  static Octets octets_of(const rte_mbuf& frame) {
    Octets octets;
    for (const rte_mbuf* segment = &frame; segment != nullptr; segment = segment->next) {
      const auto* data = rte_pktmbuf_mtod(segment, const std::uint8_t*);
      octets.insert(octets.end(), data, data + segment->data_len);
    }
    EXPECT_EQ(octets.size(), frame.pkt_len);
    return octets;
  }

 private:
  static unsigned next_number() {
    static unsigned number = 0;
    return number++;
  }
  rte_ring* make_ring(unsigned room) {
    const std::string name = name_ + "ring" + std::to_string(to_port_.size() + from_port_.size());
    rte_ring* const ring = rte_ring_create(name.c_str(), room, SOCKET_ID_ANY, RING_F_EXACT_SZ);
    EXPECT_NE(ring, nullptr);
    return ring;
  }

  std::uint16_t mtu_;
  std::string name_;
  Pool pool_;
  std::vector<rte_ring*> to_port_;
  std::vector<rte_ring*> from_port_;
  // One of each for all ports: a number's callbacks outlive the port that had it.
  static inline Crossing injected_;
  static inline Crossing sent_;
};

}  // namespace reveille::test
