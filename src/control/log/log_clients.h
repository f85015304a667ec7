// What the log remembers of each client between two lines: who it is, how many lines it has had,
// and what it should have done next.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include <reveille/event.h>

namespace reveille {

// Control thread. Never holds more than clients_max; those that come after share one entry.
class LogClients {
 public:
  struct Limits {
    std::uint32_t lines_per_client_per_minute = 60;  // 0: no limit
    std::size_t clients_max = 65536;
  };

  // Something to say about a client that no event says.
  struct Remark {
    enum class Kind : std::uint8_t {
      lines_left_out,  // `count` lines since the limit was reached
      stuck,           // `last` happened `count` times since `since`, and nothing after it
    };
    Kind kind{};
    Event last;  // of the client; kind and text say how far it came
    std::uint32_t count = 0;
    Instant since{};
    Instant said_at{};
  };

  // How long a machine that boots may take for the next step. Firmware asks again after 4 to 32
  // seconds (PXE 2.1, 2.2.4), draws a menu, or loads a slow ROM.
  static constexpr Nanoseconds kTakesOffer = 20s;
  static constexpr Nanoseconds kAsksForFile = 30s;
  static constexpr Nanoseconds kForgotten = 10min;

  explicit LogClients(const Limits& limits) : limits_(limits) {}

  // The event with what is known from before: the MAC address of a client that is only known by
  // its IPv4 address, the kind of machine of one that only reads files.
  [[nodiscard]] Event completed(const Event& event) const;

  // Remembers a completed event. False when the client has had its lines for this minute, or has
  // been told the same of IPv6 routers in it.
  bool admit(const Event& event);

  // What has to be said by now. Call about each second, and before writing what admit() allows.
  std::vector<Remark> remarks(Instant now);
  // At the end: what was left out and not said yet.
  std::vector<Remark> last_remarks(Instant now);

  [[nodiscard]] std::size_t size() const { return clients_.size(); }

 private:
  struct Client {
    Event last;
    Instant step_since{};  // when the first event of this step came
    std::uint32_t step_count = 0;
    bool waits = false;  // the client has a next step to take
    Instant minute_since{};
    std::uint32_t lines = 0;
    std::uint32_t left_out = 0;
    bool router_said = false;  // in this minute: that there is no IPv6 router
  };

  [[nodiscard]] std::uint64_t kept_key_of(const Event& event) const;
  void note_step(Client& client, const Event& event);
  void remark_left_out(Client& client, Instant now);

  const Limits limits_;
  std::unordered_map<std::uint64_t, Client> clients_;                // by MAC, or by address
  std::unordered_map<std::uint32_t, std::uint64_t> mac_by_address_;  // of leases
  std::vector<Remark> remarks_;                                      // to be said
  Instant last_sweep_{};
};

}  // namespace reveille
