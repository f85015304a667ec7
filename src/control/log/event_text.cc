#include "control/log/event_text.h"

#include <array>
#include <chrono>
#include <cstring>

#include <spdlog/fmt/fmt.h>

#include "control/log/escape.h"
#include "policy/architecture.h"
#include "policy/facts.h"

namespace reveille {

namespace {

std::string boots(const Event& event) {
  return event.text().empty() ? "" : ", boots " + quoted(event.text());
}

std::string told_to_boot(const Event& event) {
  return event.text().empty() ? "answered without a boot file"
                              : "told to boot " + quoted(event.text());
}

std::string path(const Event& event) {
  std::string text;
  if (!event.relay.is_zero()) text += ", through relay " + event.relay.text();
  if (event.vlan != 0) text += fmt::format(", VLAN {}", event.vlan);
  return text;
}

std::string completed(const Event& event) {
  std::string text = fmt::format("got {}, {}", quoted(event.text()), amount_text(event.bytes));
  if (event.elapsed > 0ns) {
    text += fmt::format(" in {}, {:.1f} MB/s", seconds_text(event.elapsed),
                        megabytes_per_second(event.bytes, event.elapsed));
  }
  return text;
}

// An end before the first byte is no fault: EDK2 asks for the size that way and opens the file
// again.
std::string aborted(const Event& event) {
  const std::string said = event.text().empty() ? "" : ", saying " + quoted(event.text());
  return (event.bytes == 0 ? "ended a transfer before its first byte"
                           : "gave up a transfer after " + amount_text(event.bytes)) +
         said;
}

std::string refused(const Event& event) {
  const std::string why =
      event.text().empty() ? std::string{info(event.outcome).text} : escaped(event.text());
  return fmt::format("refused {}: {}", event.address.text(), why);
}

std::string beside_rule(const Event& event) {
  if (event.outcome != Outcome::dhcp_offered_another) return {};
  return ", for what its rule gives is not free";
}

std::string no_address(const Event& event) {
  if (event.outcome == Outcome::dhcp_pool_elsewhere) {
    return fmt::format("gets no address: pool {}, which its rule names, has none on its link",
                       quoted(event.text()));
  }
  if (event.outcome == Outcome::dhcp_pool_exhausted) {
    return fmt::format("gets no address: pool {}, which its rule names, is empty",
                       quoted(event.text()));
  }
  return "gets no address: the pools of its subnet are empty";
}

std::string unknown_file(const Event& event) {
  if (event.architecture == kArchitectureUnknown)
    return "no boot file: it does not say its architecture (option 93)";
  return fmt::format("no boot file for its architecture, {} ({})", event.architecture,
                     architecture_name(event.architecture));
}

std::string what_happened(const Event& event) {
  const std::string address = event.address.text();
  switch (event.kind) {
    case EventKind::dhcp_offered:
      return "offered " + address + beside_rule(event) + boots(event);
    case EventKind::dhcp_acked:
      return "acked " + address + boots(event);
    case EventKind::dhcp_nakked:
      return refused(event);
    case EventKind::dhcp_declined:
      return "declined " + address + ": another machine uses it; set aside";
    case EventKind::dhcp_released:
      return "released " + address;
    case EventKind::dhcp_informed:
      return "informed at " + address;
    case EventKind::dhcp_no_address:
      return no_address(event);
    case EventKind::dhcp_no_subnet:
      return "gets no address: no subnet is configured for where it asks";
    case EventKind::dhcp_relay_copy:
      return fmt::format("copy through relay {} dropped, {} brought it first", event.relay.text(),
                         event.address.is_zero() ? "another path" : address);
    case EventKind::bootp_answered:
      return "given " + address + " by BOOTP" + boots(event);
    case EventKind::proxy_offered:
      return told_to_boot(event) + " (ProxyDHCP)";
    case EventKind::boot_server_acked:
      return told_to_boot(event) + " (boot server)";
    case EventKind::boot_file_unknown:
      return unknown_file(event);
    case EventKind::router_advertised:
      return "told that there is no IPv6 router to wait for";
    case EventKind::tftp_opened:
      return fmt::format("asks for {}, {}", quoted(event.text()), amount_text(event.bytes));
    case EventKind::tftp_first_ack:
      return "receives " + quoted(event.text());
    case EventKind::tftp_completed:
      return completed(event);
    case EventKind::tftp_aborted:
      return aborted(event);
    case EventKind::tftp_timed_out:
      return fmt::format("fell silent in {} after {}", quoted(event.text()),
                         amount_text(event.bytes));
    case EventKind::tftp_not_found:
      return "asks for " + quoted(event.text()) + ", which is not there";
    case EventKind::tftp_refused:
      return fmt::format("refused by TFTP: {}", info(event.outcome).text);
    case EventKind::dhcp_denied:
      return "denied by rule " + quoted(event.text());
    case EventKind::dhcp_conflict:
      return "answers at " + address + ", which is leased to nobody; set aside";
    case EventKind::disk_opened:
      return fmt::format("uses disk {}, {}", escaped(event.text()), amount_text(event.bytes));
    case EventKind::disk_dropped:
      return fmt::format("boots again from disk {}; {} that it had written are gone",
                         escaped(event.text()), amount_text(event.bytes));
    case EventKind::disk_full:
      return fmt::format("can write no more to disk {}: its overlay is full, with {}",
                         escaped(event.text()), amount_text(event.bytes));
    case EventKind::disk_refused:
      return fmt::format("refused disk {}: {}", escaped(event.text()), info(event.outcome).text);
    case EventKind::disk_failed:
      return fmt::format("lost disk {}: what it wrote is in doubt ({})", escaped(event.text()),
                         std::strerror(static_cast<int>(event.bytes)));
  }
  return "";
}

}  // namespace

std::string_view name(EventKind kind) {
  switch (kind) {
    case EventKind::dhcp_offered:
      return "dhcp_offered";
    case EventKind::dhcp_acked:
      return "dhcp_acked";
    case EventKind::dhcp_nakked:
      return "dhcp_nakked";
    case EventKind::dhcp_declined:
      return "dhcp_declined";
    case EventKind::dhcp_released:
      return "dhcp_released";
    case EventKind::dhcp_informed:
      return "dhcp_informed";
    case EventKind::dhcp_no_address:
      return "dhcp_no_address";
    case EventKind::dhcp_no_subnet:
      return "dhcp_no_subnet";
    case EventKind::dhcp_relay_copy:
      return "dhcp_relay_copy";
    case EventKind::bootp_answered:
      return "bootp_answered";
    case EventKind::proxy_offered:
      return "proxy_offered";
    case EventKind::boot_server_acked:
      return "boot_server_acked";
    case EventKind::boot_file_unknown:
      return "boot_file_unknown";
    case EventKind::router_advertised:
      return "router_advertised";
    case EventKind::tftp_opened:
      return "tftp_opened";
    case EventKind::tftp_first_ack:
      return "tftp_first_ack";
    case EventKind::tftp_completed:
      return "tftp_completed";
    case EventKind::tftp_aborted:
      return "tftp_aborted";
    case EventKind::tftp_timed_out:
      return "tftp_timed_out";
    case EventKind::tftp_not_found:
      return "tftp_not_found";
    case EventKind::tftp_refused:
      return "tftp_refused";
    case EventKind::dhcp_denied:
      return "dhcp_denied";
    case EventKind::dhcp_conflict:
      return "dhcp_conflict";
    case EventKind::disk_opened:
      return "disk_opened";
    case EventKind::disk_dropped:
      return "disk_dropped";
    case EventKind::disk_full:
      return "disk_full";
    case EventKind::disk_refused:
      return "disk_refused";
    case EventKind::disk_failed:
      return "disk_failed";
  }
  return "";
}

std::string_view name(Firmware firmware) {
  switch (firmware) {
    case Firmware::unknown:
      return "unknown";
    case Firmware::bios_pxe:
      return "bios_pxe";
    case Firmware::uefi_pxe:
      return "uefi_pxe";
    case Firmware::ipxe:
      return "ipxe";
    case Firmware::http:
      return "http";
    case Firmware::other:
      return "other";
  }
  return "";
}

bool is_trouble(const Event& event) {
  switch (event.kind) {
    case EventKind::dhcp_nakked:
    case EventKind::dhcp_declined:
    case EventKind::dhcp_no_address:
    case EventKind::dhcp_no_subnet:
    case EventKind::boot_file_unknown:
    case EventKind::tftp_timed_out:
    case EventKind::tftp_refused:
    case EventKind::dhcp_denied:
    case EventKind::dhcp_conflict:
    case EventKind::disk_full:
    case EventKind::disk_refused:
    case EventKind::disk_failed:
      return true;
    case EventKind::tftp_aborted:
      return event.bytes != 0;
    default:  // a file that is not there is how PXELINUX and GRUB look for their menus
      return false;
  }
}

std::string who(const Event& event) {
  return event.client.is_zero() ? event.address.text() : event.client.text();
}

std::string machine(const Event& event) {
  const bool ipxe = event.firmware == Firmware::ipxe;
  if (const Architecture* known = find_architecture(event.architecture)) {
    return (ipxe ? "iPXE " : "") + std::string{known->name};
  }
  switch (event.firmware) {
    case Firmware::bios_pxe:
      return "BIOS";
    case Firmware::uefi_pxe:
      return "UEFI";
    case Firmware::http:
      return "HTTP";
    default:
      return ipxe ? "iPXE" : "";
  }
}

std::string sentence(const Event& event) {
  const bool names_its_path = event.kind == EventKind::dhcp_relay_copy;
  return what_happened(event) + (names_its_path ? "" : path(event));
}

std::string amount_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  const int digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, digits, kUnits[unit]);
}

std::string seconds_text(Nanoseconds time) {
  const double seconds = std::chrono::duration<double>{time}.count();
  return fmt::format("{:.{}f} s", seconds, seconds < 10 ? 2 : 1);
}

double megabytes_per_second(std::uint64_t bytes, Nanoseconds time) {
  if (time <= 0ns) return 0;
  return static_cast<double>(bytes) / 1e6 / std::chrono::duration<double>{time}.count();
}

}  // namespace reveille
