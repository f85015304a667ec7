// The DHCP half of a boot: DISCOVER to ACK, and port 4011 where the server wants it.
#pragma once

#include <vector>

#include <reveille/wire/dhcp.h>

#include "storm/setting.h"

namespace reveille::storm {

class DhcpClient {
 public:
  // `relays`: all machines are behind them; empty: on the server's link.
  DhcpClient(Setting& setting, const std::vector<Relay>& relays)
      : setting_(setting), relays_(relays) {}

  // Where relays send to, once they know it.
  void server_found(const MacAddress& mac) { server_mac_ = mac; }

  void discover(std::uint32_t number, Instant now);
  // The boot server's MAC address is known: asks it for the boot file.
  void ask_boot_server(std::uint32_t number, Instant now);

  // A reply to this machine, from `source`.
  Progress receive(std::uint32_t number, const wire::DhcpView& reply, Ipv4Address source,
                   Instant now);
  // The machine's timer ended in a stage of DHCP.
  Progress expire(std::uint32_t number, Instant now);

 private:
  enum class Moment : std::uint8_t { receipt, timer };

  bool send_discover(std::uint32_t number, Instant now);
  bool send_request(std::uint32_t number, Instant now);
  bool send_boot_server_request(std::uint32_t number, Instant now);
  void write_and_send(std::uint32_t number, wire::DhcpType type, Instant now);
  [[nodiscard]] std::uint16_t secs(const Machine& machine, Instant now) const;

  void note_offer(Machine& machine, const wire::DhcpView& offer, Ipv4Address source);
  [[nodiscard]] bool takes_offer(const Machine& machine, Moment moment, Instant now) const;
  Progress acknowledged(Machine& machine, const wire::DhcpView& ack, Ipv4Address source,
                        Instant now);
  Progress refused(std::uint32_t number, Instant now);
  Progress boot_server_answered(Machine& machine, const wire::DhcpView& ack, Ipv4Address source);

  Setting& setting_;
  const std::vector<Relay>& relays_;
  MacAddress server_mac_ = MacAddress::broadcast();
};

}  // namespace reveille::storm
