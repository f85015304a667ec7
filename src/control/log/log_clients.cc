#include "control/log/log_clients.h"

#include <algorithm>
#include <utility>

#include "policy/facts.h"

namespace reveille {

namespace {

constexpr Nanoseconds kMinute = 1min;
constexpr Nanoseconds kSweepInterval = 1s;
constexpr std::uint64_t kOthers = ~std::uint64_t{0};  // the key that late clients share

constexpr std::uint64_t key_of(const Event& event) {
  constexpr std::uint64_t kByAddress = std::uint64_t{1} << 48;
  return event.client.is_zero() ? kByAddress | event.address.value : event.client.number();
}

bool boots(Firmware firmware) {
  return firmware == Firmware::bios_pxe || firmware == Firmware::uefi_pxe ||
         firmware == Firmware::ipxe;
}

// Nil when the event calls for no other one.
Nanoseconds patience_for(const Event& event) {
  const std::string_view file = event.text();
  // A URL is fetched from somewhere else.
  if (!boots(event.firmware) || file.empty() || file.find("://") != std::string_view::npos) {
    return 0ns;
  }
  switch (event.kind) {
    case EventKind::dhcp_offered:
      return LogClients::kTakesOffer;
    case EventKind::dhcp_acked:
    case EventKind::bootp_answered:
      return LogClients::kAsksForFile;
    case EventKind::proxy_offered:
    case EventKind::boot_server_acked:
      // The other server's lease is unknown here: behind a relay, a read request could be
      // anybody's.
      return event.relay.is_zero() ? LogClients::kAsksForFile : 0ns;
    default:
      return 0ns;
  }
}

// Says nothing about how far the client came.
bool is_aside(EventKind kind) {
  return kind == EventKind::dhcp_relay_copy || kind == EventKind::router_advertised;
}

bool same_step(const Event& a, const Event& b) {
  return a.kind == b.kind && a.firmware == b.firmware && a.text() == b.text();
}

}  // namespace

Event LogClients::completed(const Event& event) const {
  Event full = event;
  if (full.client.is_zero()) {
    const auto mac = mac_by_address_.find(full.address.value);
    if (mac != mac_by_address_.end()) {
      for (unsigned i = 0; i < 6; ++i) {
        full.client.octets[i] = static_cast<std::uint8_t>(mac->second >> (40 - 8 * i));
      }
    }
  }
  const auto known = clients_.find(key_of(full));
  if (known == clients_.end()) return full;
  const Event& last = known->second.last;
  if (full.firmware == Firmware::unknown) full.firmware = last.firmware;
  if (full.architecture == kArchitectureUnknown) full.architecture = last.architecture;
  return full;
}

std::uint64_t LogClients::kept_key_of(const Event& event) const {
  const std::uint64_t key = key_of(event);
  return clients_.size() >= limits_.clients_max && !clients_.contains(key) ? kOthers : key;
}

void LogClients::note_step(Client& client, const Event& event) {
  if (is_aside(event.kind)) return;
  if (client.step_count == 0 || !same_step(client.last, event)) {
    client.step_since = event.at;
    client.step_count = 0;
    client.waits = patience_for(event) != 0ns;
  }
  ++client.step_count;
  client.last = event;
}

void LogClients::remark_left_out(Client& client, Instant now) {
  if (client.left_out == 0) return;
  remarks_.push_back({Remark::Kind::lines_left_out, client.last, std::exchange(client.left_out, 0),
                      client.minute_since, now});
}

bool LogClients::admit(const Event& event) {
  const std::uint64_t key = kept_key_of(event);
  Client& client = clients_[key];
  if (client.lines == 0 || event.at - client.minute_since >= kMinute) {
    remark_left_out(client, event.at);
    client.minute_since = event.at;
    client.lines = 0;
    client.router_said = false;
  }
  // Firmware solicits until it has seen an advertisement, some of it three times.
  if (event.kind == EventKind::router_advertised &&
      std::exchange(client.router_said, key != kOthers)) {
    return false;
  }
  if (key != kOthers) {
    note_step(client, event);
    const bool leased =
        event.kind == EventKind::dhcp_acked || event.kind == EventKind::bootp_answered;
    if (leased && mac_by_address_.size() < limits_.clients_max) {
      mac_by_address_[event.address.value] = event.client.number();
    }
  }
  if (limits_.lines_per_client_per_minute != 0 &&
      client.lines >= limits_.lines_per_client_per_minute) {
    ++client.left_out;
    return false;
  }
  ++client.lines;
  return true;
}

std::vector<LogClients::Remark> LogClients::remarks(Instant now) {
  if (now - last_sweep_ < kSweepInterval) return std::exchange(remarks_, {});
  last_sweep_ = now;
  for (auto& [key, client] : clients_) {
    if (now - client.minute_since >= kMinute) remark_left_out(client, now);
    if (client.waits && now - client.step_since >= patience_for(client.last)) {
      client.waits = false;
      remarks_.push_back(
          {Remark::Kind::stuck, client.last, client.step_count, client.step_since, now});
    }
  }
  std::erase_if(clients_, [&](const auto& entry) {
    const Client& client = entry.second;
    return now - std::max(client.last.at, client.minute_since) >= kForgotten;
  });
  std::erase_if(mac_by_address_,
                [&](const auto& entry) { return !clients_.contains(entry.second); });
  return std::exchange(remarks_, {});
}

std::vector<LogClients::Remark> LogClients::last_remarks(Instant now) {
  for (auto& [key, client] : clients_) remark_left_out(client, now);
  return std::exchange(remarks_, {});
}

}  // namespace reveille
