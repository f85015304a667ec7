// Reply slots: where engines put the frames they want sent.
//
// A reply is a head of bytes (Ethernet onward) and, optionally, a payload that is not copied:
// a stretch of an image, with its Internet checksum already known. The worker backs the heads
// with mbufs and gathers or copies the payload as the port can; tests back them with arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <reveille/bytes.h>
#include <reveille/outcome.h>

namespace reveille {

class Image;

// The most replies that one request, or one turn of a transfer, may take: a whole window.
inline constexpr std::size_t kRepliesPerRequest = 64;

// A stretch of an image that follows the head. Never written to.
struct Payload {
  const std::uint8_t* bytes = nullptr;
  std::uint16_t length = 0;
  const Image* image = nullptr;  // keeps the bytes alive; see Image::Hold
};

struct Reply {
  std::uint8_t* head = nullptr;  // capacity bytes, writable
  std::uint16_t capacity = 0;    // at least the port's MTU, Ethernet header and tag
  std::uint16_t length = 0;      // bytes of head in use
  std::uint16_t station = 0;     // which port and VLAN it leaves through
  Payload payload;
  // The frame leaves when this record of the lease journal is on disk; zero: at once. See
  // dhcp/lease_journal.h.
  std::uint64_t ticket = 0;
  Outcome outcome{};  // with a ticket: what the request was counted as
};

// The slots of one burst. Owner: one worker.
class Replies {
 public:
  explicit Replies(std::span<Reply> slots) : slots_(slots) {}

  // The next free slot, its length, payload and ticket cleared, or nullptr when none is left: the
  // caller counts Outcome::reply_buffers_exhausted and sends nothing. The worker makes sure
  // that kRepliesPerRequest are free before each request unless buffers have run out.
  Reply* take() {
    if (used_ == slots_.size()) return nullptr;
    Reply& reply = slots_[used_++];
    reply.length = 0;
    reply.payload = {};
    reply.ticket = 0;
    return &reply;
  }
  // Takes the last slot back: its reply could not be finished.
  void give_back() { --used_; }

  [[nodiscard]] std::size_t free() const { return slots_.size() - used_; }
  [[nodiscard]] std::span<Reply> all() const { return slots_.first(used_); }
  void clear() { used_ = 0; }

 private:
  std::span<Reply> slots_;
  std::size_t used_ = 0;
};

}  // namespace reveille
