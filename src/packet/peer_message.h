// Short messages between the workers' engines: how one worker lends another what it owns.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include <reveille/address.h>

namespace reveille {

// Addresses move between the lease shards of two workers one at a time, so that a pool of N
// addresses serves N clients however they hash. Sixteen bytes: travels through a ring.
struct PeerMessage {
  enum class Kind : std::uint8_t {
    address_wanted,    // `from` has run short in `pool` and asks for one
    address_given,     // `address` now belongs to the receiver
    address_refused,   // the sender has none to spare
    address_claimed,   // `from` has a client that asks for exactly `address`
  };
  Kind kind{};
  std::uint8_t from = 0;  // worker index
  std::uint8_t to = 0;
  std::uint8_t reserved = 0;
  std::uint32_t pool = 0;  // index into Subnets
  Ipv4Address address;
  std::uint32_t reserved_too = 0;
};
static_assert(sizeof(PeerMessage) == 16 && std::is_trivially_copyable_v<PeerMessage>);

// Where an engine puts messages during one burst. Full: the engine asks again at a later tick.
class Outbox {
 public:
  explicit Outbox(std::span<PeerMessage> storage) : storage_(storage) {}

  bool add(const PeerMessage& message) {
    if (count_ == storage_.size()) return false;
    storage_[count_++] = message;
    return true;
  }
  [[nodiscard]] std::span<const PeerMessage> all() const { return storage_.first(count_); }
  [[nodiscard]] std::size_t free() const { return storage_.size() - count_; }
  void clear() { count_ = 0; }

 private:
  std::span<PeerMessage> storage_;
  std::size_t count_ = 0;
};

}  // namespace reveille
