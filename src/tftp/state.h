// What a TftpEngine is made of, and the steps of its work. Each step has a file of its own:
//
//   engine.cc       which step a packet is for
//   open.cc         a request arrives: names, options, a new transfer or the same one again
//   acknowledge.cc  an ACK arrives: progress, the end, or a repetition
//   send.cc         OACK, DATA and ERROR on their way out
//   expire.cc       a deadline passes
#pragma once

#include <cstdint>
#include <string_view>

#include <reveille/config.h>
#include <reveille/wire/tftp.h>

#include "packet/context.h"
#include "packet/known_clients.h"
#include "packet/rate_limit.h"
#include "packet/snapshot.h"
#include "tftp/engine.h"
#include "tftp/timer_wheel.h"
#include "tftp/transfer_table.h"

namespace reveille {

// A client on the same link answers within microseconds; one that writes to a slow disk or
// decompresses between two reads does not. Below this a timer would only guess.
inline constexpr Nanoseconds kIntervalMin = std::chrono::milliseconds{10};
// Four round trips are never taken for longer than this: what looks so is a client's own timer.
inline constexpr Nanoseconds kMeasuredIntervalMax = std::chrono::seconds{1};
// Doubling ends here: firmware gives up after 10 s (iPXE) to 31 s (GRUB) of silence, so a
// longer pause would help nobody.
inline constexpr Nanoseconds kIntervalMax = std::chrono::seconds{8};
// With a timeout of the client's choosing: how long silence is borne at most, as long as there
// are two tries.
inline constexpr Nanoseconds kFixedPatience = std::chrono::seconds{60};
// Repeated ACKs make a window leave again at most once in two round trips, and in this.
inline constexpr Nanoseconds kResendSpacingMin = std::chrono::milliseconds{1};
// ACKs that move the transfer but report a loss: no closer than this. Clients that acknowledge
// each block of a window, against RFC 7440, do so within microseconds.
inline constexpr Nanoseconds kLossSpacingMin = std::chrono::microseconds{100};

// Made blocks are written into the reply's head, which holds an Ethernet frame.
inline constexpr std::uint16_t kMadeBlockMax = 1468;

struct TftpEngine::State {
  State(const TftpConfig& config, Share share_of_worker, std::uint64_t seed,
        const KnownClients& known_clients);

  // ---- engine.cc
  Outcome receive(const Request& request, const Context& context);
  Outcome receive_other(unsigned slot, const Request& request, const Context& context);
  // The packet is not from a client that owns `slot`, or there is no such slot.
  Outcome receive_from_stranger(unsigned slot, wire::TftpOpcode opcode, const Request& request,
                                const Context& context);

  // ---- open.cc
  Outcome open(const Request& request, const Context& context);
  Outcome open_read(const wire::TftpView& packet, const Request& request, const Context& context);
  // What the client gets for the name that it asks for; nullptr if there is nothing.
  [[nodiscard]] const Image* find_image(std::string_view name, const Request& request,
                                        const Context& context) const;
  Outcome reopen(unsigned slot, const Context& context);
  // Makes room for one more half-open transfer; false when all others are proven.
  bool make_room(const Context& context);

  // ---- acknowledge.cc
  Outcome acknowledge(unsigned slot, std::uint16_t block, const Context& context);
  Outcome acknowledge_oack(unsigned slot, std::uint16_t block, const Context& context);
  Outcome acknowledge_again(unsigned slot, std::uint16_t ahead, const Context& context);
  // `progress`: the ACK has moved the transfer.
  Outcome resend_after_loss(unsigned slot, bool progress, const Context& context);
  // After progress: what the timer learns from it.
  void adapt_interval(unsigned slot, const Context& context);
  void shorten_wait(unsigned slot, const Context& context);
  void prove(unsigned slot, const Context& context);
  Outcome complete(unsigned slot, const Context& context);

  // ---- send.cc
  // Fits the header template to the terms, for DATA of `block_size`.
  void prepare_head(unsigned slot, const Request& request, const Station& station);
  // The OACK or first DATA of a transfer that nothing has been acknowledged of.
  bool send_first(unsigned slot, const Context& context);
  // The one block after what is acknowledged, of a transfer whose payload is made.
  unsigned send_made(unsigned slot, const Context& context);
  // Makes that block in `room`; shorter than the room only at the end.
  std::size_t make_block(unsigned slot, MutableBytes room);
  // Window and deadline; tftp_acked, or reply_buffers_exhausted when not one block left.
  Outcome send_and_wait(unsigned slot, const Context& context);
  Outcome send_error(std::uint16_t from_port, wire::TftpError code, std::string_view message,
                     const Request& request, const Context& context, Outcome when_sent);

  // ---- expire.cc
  bool tick(const Context& context);
  // False when there are not enough replies now.
  bool expire(unsigned slot, const Context& context);
  void resend_window(unsigned slot, const Context& context);
  // Sets the deadline one interval from now.
  void wait(unsigned slot, const Context& context);

  // ---- engine.cc
  // Lets go of the image and frees the slot. `forget`: the client counts as a stranger from
  // now on; otherwise late packets of it are passed over in silence.
  void close(unsigned slot, bool forget);
  // What the client gets in all, before translation.
  [[nodiscard]] std::uint64_t size_of(unsigned slot);
  Event* tell(EventKind kind, unsigned slot, const Context& context);
  [[nodiscard]] const TftpConfig& settings(const Context& context) const;

  const KnownClients& clients;
  TftpConfig config;
  Share share;
  TransferTable table;
  TimerWheel wheel;
  RateLimit errors;
};

}  // namespace reveille
