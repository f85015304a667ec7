// Short messages between the workers' engines: how one worker lends another what it owns.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <type_traits>

#include <reveille/address.h>

namespace reveille {

// Addresses move between the lease shards of two workers one at a time, so that a pool of N
// addresses serves N clients however they hash. An address belongs to exactly one shard or to
// exactly one message on its way: a message that is lost is an address that is lost.
// Twenty-four bytes: travels through a ring.
struct PeerMessage {
  enum class Kind : std::uint8_t {
    addresses_wanted,  // `from` asks for up to `count` free addresses of `group`
    address_claimed,   // `from` has a client that asks for exactly `address`
    address_given,     // `address` now belongs to the receiver; `count` more are on their way
    address_refused,   // none: in use, not the sender's, or not to spare
    address_answered,  // `mac` answered a probe of `address`; perhaps the receiver's. May be lost
  };
  Kind kind{};
  std::uint8_t from = 0;  // worker index
  std::uint8_t to = 0;
  bool claim = false;       // given, refused: the answer to address_claimed
  std::uint16_t group = 0;  // wanted, given, refused: index into Subnets::groups()
  std::uint16_t count = 0;
  std::uint16_t needed = 0;   // wanted: so many of `count` have a client waiting for them
  std::uint16_t version = 0;  // given: how often the lease of `address` has changed
  Ipv4Address address;        // claimed, given, answered, and the refusal of a claim
  MacAddress mac;             // answered: whose it is; zero: not known
};
static_assert(sizeof(PeerMessage) == 24 && std::is_trivially_copyable_v<PeerMessage>);

// Where an engine puts messages. Full: the engine asks again later.
//
// Promise of whoever carries the messages (a worker, a test): each arrives exactly once, and
// those of one pair of workers in order. What a ring does not take stays here for the next turn.
class Outbox {
 public:
  explicit Outbox(std::span<PeerMessage> storage) : storage_(storage) {}

  bool add(const PeerMessage& message) {
    if (count_ == storage_.size()) return false;
    storage_[count_++] = message;
    return true;
  }
  // For an address: when there is no room, the last message that may be lost makes some. All may
  // but addresses, for whoever asked asks again. False: there are none but those.
  bool add_address(const PeerMessage& message) {
    if (add(message)) return true;
    const auto may_be_lost = [](const PeerMessage& other) {
      return other.kind != PeerMessage::Kind::address_given;
    };
    const auto last = std::find_if(storage_.rbegin(), storage_.rend(), may_be_lost);
    if (last == storage_.rend()) return false;
    std::copy(last.base(), storage_.end(), last.base() - 1);
    storage_.back() = message;
    return true;
  }
  [[nodiscard]] std::span<const PeerMessage> all() const { return storage_.first(count_); }
  [[nodiscard]] std::size_t free() const { return storage_.size() - count_; }
  // The first `taken` messages are on their way; the others stay, in order.
  void sent(std::size_t taken) {
    std::copy(storage_.begin() + static_cast<std::ptrdiff_t>(taken),
              storage_.begin() + static_cast<std::ptrdiff_t>(count_), storage_.begin());
    count_ -= taken;
  }
  void clear() { count_ = 0; }

 private:
  std::span<PeerMessage> storage_;
  std::size_t count_ = 0;
};

}  // namespace reveille
