// The swarm's DPDK port, with the bad network in front of it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <tl/expected.hpp>

#include <reveille/address.h>

#include "storm/impairment.h"
#include "storm/network.h"

namespace reveille::storm {

// Starts DPDK, once a process. `threads`: the main one included. The error is a sentence.
tl::expected<void, std::string> start_dpdk(unsigned threads);

struct PortConfig {
  std::string interface;  // a kernel interface, through af_packet
  std::string vdev;       // or a DPDK virtual device with its arguments
  ImpairmentConfig impairment;
  std::uint64_t seed = 1;
  bool jumbo = false;  // frames of up to Outlet::kJumboRoom octets
};

// Owner: one thread, which also made it.
class Port : public Outlet {
 public:
  static tl::expected<std::unique_ptr<Port>, std::string> open(const PortConfig& config);
  ~Port() override;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  MutableBytes room() override;
  void send(std::size_t length) override;
  // Where the driver takes frames of several segments: `tail` stays readable until the port is
  // gone.
  [[nodiscard]] bool gathers() const override { return !impaired_ && driver_ == "net_memif"; }
  void send_with(std::size_t length, Bytes tail) override;
  [[nodiscard]] std::size_t waiting() const override { return waiting_.size(); }

  // Whether the other end is there, where the port can tell.
  [[nodiscard]] bool link_is_up() const;
  // Waits at most `limit` until the other end is there, where the port can tell.
  [[nodiscard]] bool wait_for_link(Nanoseconds limit) const;

  // The time in which a thread calls receive() and flush(), and drivers wait for it to look away.
  class Polling {
   public:
    explicit Polling(Port& port);
    ~Polling();
    Polling(const Polling&) = delete;
    Polling& operator=(const Polling&) = delete;

   private:
    Port& port_;
  };

  // Frames that have arrived: at most kBurst, until the next call.
  static constexpr std::uint16_t kBurst = 32;
  std::span<rte_mbuf* const> receive(Instant now);
  // Sends what is ready; the rest waits for the next call.
  void flush(Instant now);

  [[nodiscard]] const MacAddress& mac() const { return mac_; }
  [[nodiscard]] std::uint64_t received() const { return received_; }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t not_sent() const { return not_sent_; }
  [[nodiscard]] const Impairment& incoming() const { return incoming_; }
  [[nodiscard]] const Impairment& outgoing() const { return outgoing_; }
  [[nodiscard]] const std::string& driver() const { return driver_; }

 private:
  explicit Port(const PortConfig& config);
  tl::expected<void, std::string> start(const PortConfig& config);
  void impair(rte_mbuf* frame, Impairment& impairment, HoldQueue<rte_mbuf*>& held,
              std::vector<rte_mbuf*>& ready);

  static constexpr std::size_t kWaitingMax = 8192;  // frames that the port does not take yet

  const std::size_t room_octets_;  // of a buffer
  const bool impaired_;
  Impairment incoming_;
  Impairment outgoing_;
  HoldQueue<rte_mbuf*> held_in_;
  HoldQueue<rte_mbuf*> held_out_;
  std::vector<rte_mbuf*> waiting_;  // to be sent
  std::vector<rte_mbuf*> arrived_;
  struct FreePool {
    void operator()(rte_mempool* pool) const;
  };
  std::unique_ptr<rte_mempool, FreePool> tails_;  // of send_with()
  rte_mbuf_ext_shared_info tails_shared_{};
  struct Free {
    void operator()(rte_rcu_qsbr* looks) const;
  };
  std::unique_ptr<rte_rcu_qsbr, Free> looks_;  // drivers wait until one of them is over
  rte_mempool* pool_ = nullptr;
  rte_mbuf* open_ = nullptr;  // of room()
  std::array<std::uint8_t, kJumboRoom> nowhere_{};
  Instant now_{};
  std::uint16_t id_ = 0;
  bool started_ = false;
  MacAddress mac_;
  std::string driver_;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t not_sent_ = 0;
};

}  // namespace reveille::storm
