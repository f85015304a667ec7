// A DPDK port: opened from a configured interface, configured for a number of workers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <rte_mempool.h>
#include <tl/expected.hpp>

#include <reveille/config.h>

#include "packet/snapshot.h"
#include "port/port_plan.h"
#include "port/port_profile.h"

namespace reveille {

// Thread: control, while no worker polls. Worker k polls receive queue k where there is one, and
// sends through transmit queue k % transmit_queues(), which is its own when k is below that.
class Port {
 public:
  // Takes the device of `plan` and sets up queues for its workers, as far as it has them. A
  // virtual device that exists already (an embedding program or a test made it) is used as it
  // is. The error is one sentence that names the interface.
  static tl::expected<Port, std::string> open(PortPlan plan, rte_mempool* receive);
  Port(Port&& other) noexcept;
  Port& operator=(Port&&) = delete;
  ~Port();  // stops and gives the device back

  // Lets frames flow.
  tl::expected<void, std::string> start();

  [[nodiscard]] std::uint16_t id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& driver() const { return driver_; }
  [[nodiscard]] const PortProfile& profile() const { return profile_; }
  [[nodiscard]] MacAddress mac() const { return mac_; }
  [[nodiscard]] std::uint16_t mtu() const { return mtu_; }
  [[nodiscard]] std::uint16_t receive_queues() const { return receive_queues_; }
  [[nodiscard]] std::uint16_t transmit_queues() const { return transmit_queues_; }
  // The kernel's socket that a receive queue reads from, which is readable while frames wait
  // there; -1 where there is none.
  [[nodiscard]] int socket_of(std::uint16_t queue) const {
    return queue < sockets_.size() ? sockets_[queue] : -1;
  }
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  explicit Port(PortPlan plan);
  tl::expected<void, std::string> attach(const VirtualDevice& device, rte_mempool* receive);
  tl::expected<void, std::string> probe(const VirtualDevice& device);
  tl::expected<void, std::string> configure(rte_mempool* receive);
  void abandon();
  void discard_stale_frames() const;

  PortPlan plan_;
  std::string name_;    // as configured
  std::string device_;  // DPDK's name of it
  std::string driver_;
  PortProfile profile_;
  std::uint16_t id_ = 0;
  bool taken_ = false;       // id_ is valid and ours
  bool plugged_in_ = false;  // a virtual device that we made
  bool started_ = false;
  MacAddress mac_;
  std::uint16_t mtu_ = 0;
  std::vector<std::string> warnings_;
  std::vector<int> sockets_;  // the driver's
  std::uint16_t receive_queues_ = 0;
  std::uint16_t transmit_queues_ = 0;
};

// The stations of a port: its untagged address, if any, and each VLAN.
void add_stations(std::vector<Station>& stations, const Port& port, const InterfaceConfig& config);

}  // namespace reveille
