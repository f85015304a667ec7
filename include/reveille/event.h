// What a worker tells the log: fixed-size records, written on the packet path without
// allocation or formatting, read and worded by the control thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include <reveille/address.h>
#include <reveille/instant.h>
#include <reveille/outcome.h>

namespace reveille {

enum class EventKind : std::uint8_t {
  dhcp_offered,       // address, text = boot file
  dhcp_acked,         // address, text = boot file
  dhcp_nakked,        // address = the refused one, outcome and text say why
  dhcp_declined,      // address
  dhcp_released,      // address
  dhcp_informed,      // address
  dhcp_no_address,    // outcome says why; text = the pool that its rule names, if any
  dhcp_no_subnet,     // relay = who brought it
  dhcp_relay_copy,    // relay = the second path, address = the first path's giaddr
  bootp_answered,     // address, text = boot file
  proxy_offered,      // text = boot file
  boot_server_acked,  // text = boot file
  boot_file_unknown,  // architecture
  router_advertised,  // a booting client was told that there is no router
  tftp_opened,        // address, text = file, bytes = its size
  tftp_first_ack,     // address, text = file; the client has proved itself
  tftp_completed,     // address, text = file, bytes, elapsed
  tftp_aborted,       // address, text = the client's message, bytes = sent so far
  tftp_timed_out,     // address, text = file, bytes = acknowledged so far
  tftp_not_found,     // address, text = the name asked for
  tftp_refused,       // address, outcome says why
  dhcp_denied,        // text = name of the rule
  dhcp_conflict,      // client answers at address, which is nobody's lease; zero: through a relay
  disk_opened,        // text = disk and file, bytes = its size
  disk_dropped,       // text = disk and file, bytes = what the client had written
  disk_full,          // text = disk and file, bytes = what the client has written
  disk_refused,       // text = disk and file, outcome says why
  disk_failed,        // text = disk and file; bytes = errno
};

enum class Firmware : std::uint8_t { unknown, bios_pxe, uefi_pxe, ipxe, http, other };

// Trivially copyable so that it can travel through a ring. Text comes from the wire:
// whoever prints it escapes it.
struct Event {
  EventKind kind{};
  Firmware firmware{};
  Outcome outcome{};
  std::uint8_t text_length = 0;
  std::uint16_t architecture = 0xffff;  // option 93; 0xffff = not said
  std::uint16_t vlan = 0;
  Instant at{};
  MacAddress client;  // zero when only the address is known (TFTP through a router)
  Ipv4Address address;
  Ipv4Address relay;
  std::uint64_t bytes = 0;
  Nanoseconds elapsed{};
  std::array<char, 120> text_bytes{};

  void set_text(std::string_view text) {
    text_length = static_cast<std::uint8_t>(std::min(text.size(), text_bytes.size()));
    std::copy_n(text.data(), text_length, text_bytes.data());
  }
  [[nodiscard]] std::string_view text() const { return {text_bytes.data(), text_length}; }
};
static_assert(std::is_trivially_copyable_v<Event>);

// Where engines put events during one burst. Full means the event is counted as lost, at less than
// it would cost to write it. Owner: one worker.
class Events {
 public:
  explicit Events(std::span<Event> storage) : storage_(storage), room_(storage.size()) {}

  // A cleared event to fill, or nullptr when the burst has told enough.
  Event* add(EventKind kind, Instant at) {
    if (count_ >= room_) {
      ++lost_;
      return nullptr;
    }
    Event& event = storage_[count_++];
    event = Event{};
    event.kind = kind;
    event.at = at;
    return &event;
  }
  [[nodiscard]] std::span<const Event> all() const { return storage_.first(count_); }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  // Empties it. Whoever carries the events on has room for so many now.
  void clear(std::size_t room = ~std::size_t{0}) {
    count_ = 0;
    room_ = std::min(room, storage_.size());
  }

 private:
  std::span<Event> storage_;
  std::size_t room_;
  std::size_t count_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace reveille
