// All machines and relays of a storm: frames and time in, frames out. No port, no clock.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <reveille/wire/ethernet.h>
#include <reveille/wire/ipv4.h>

#include "storm/address_table.h"
#include "storm/dhcp_client.h"
#include "storm/setting.h"
#include "storm/tftp_client.h"

namespace reveille::storm {

// Owner: one thread. The storm begins at Instant{}.
class Swarm {
 public:
  Swarm(const StormConfig& config, Files& files, Outlet& outlet);

  // A frame from the wire.
  void receive(Bytes frame, Instant now);
  // Switches machines on and ends waits. At least once a millisecond.
  void tick(Instant now);

  // Everybody has booted or failed, or the time is up.
  [[nodiscard]] bool finished() const { return finished_; }
  // Not empty when the storm could not begin: nobody is there.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

  [[nodiscard]] Statistics& statistics() { return statistics_; }
  // Seconds from power-on to the end of the boot, sorted; of every boot.
  [[nodiscard]] std::vector<float> boot_seconds() const;
  // What the TFTP server said with its first error.
  [[nodiscard]] const std::string& first_error() const { return first_error_; }

  // Before receive() of a burst: starts the memory accesses of it.
  void prefetch(Bytes frame) const;

 private:
  void receive_arp(Bytes packet);
  void receive_ipv4(const wire::EthernetView& frame, Instant now);
  void receive_dhcp(Bytes payload, Ipv4Address source, Instant now);
  void arp_answered(std::uint32_t number, const MacAddress& mac, Ipv4Address address, Instant now);

  void find_server(Instant now);
  void power_on(std::uint32_t number, Instant now);
  void power_on_due(Instant now);
  void expire(std::uint32_t number, Instant now);
  void advance(std::uint32_t number, Progress progress, Instant now);
  void leased(std::uint32_t number, bool ask_boot_server, Instant now);
  void open_next(std::uint32_t number, Instant now);
  [[nodiscard]] std::uint16_t file_after(const Machine& machine) const;
  void resolve(std::uint32_t number, Instant now);
  bool send_arp(std::uint32_t number, Instant now);
  void end(std::uint32_t number, Failure failure, Instant now);
  void give_up(Instant now);

  const StormConfig config_;
  Files& files_;
  Statistics statistics_;
  std::vector<Machine> machines_;
  TimerWheel timers_;
  AddressTable addresses_;
  Network network_;
  std::vector<Relay> relays_;
  Setting setting_;
  DhcpClient dhcp_;
  TftpClient tftp_;
  std::mt19937_64 random_;
  std::vector<std::uint8_t> profile_order_;  // shares, spread evenly
  std::uint16_t file_ = kNoFile;             // of the command line
  std::vector<std::uint16_t> then_;
  std::vector<float> boot_seconds_;
  std::vector<std::uint32_t> free_;  // machines to be switched on again

  bool server_found_ = false;  // by the relays; true without any
  Instant server_asked_{};
  unsigned server_tries_ = 0;
  Instant begin_{};  // machines arrive from here on
  std::uint32_t arrived_ = 0;
  std::uint32_t alive_ = 0;  // on, and not at the end
  Instant now_{};
  bool finished_ = false;
  std::string complaint_;
  std::string first_error_;
};

}  // namespace reveille::storm
