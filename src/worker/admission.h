// Which DISCOVERs a worker looks at when more arrives than it can answer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include <reveille/bytes.h>
#include <reveille/outcome.h>

namespace reveille {

// Owner: one worker. No clock; deterministic.
//
// A queue that overflows loses REQUESTs as well as DISCOVERs, and with a REQUEST the OFFER before
// it was made in vain: at ten times what a server can do, nine of ten offers are. So fewer
// DISCOVERs are looked at until the REQUESTs that they lead to arrive again. Who is left out asks
// again in a second or more, and finds a server that answers.
//
// Where the queues tell what they have lost, overload is a loss of more than a frame in kBearable
// while most frames were DHCP. AF_XDP's do, and it takes that: its driver looks at what the kernel
// told it last, and finds the end of that while more waits; and what a full wire loses before it
// comes to us makes REQUESTs rare as well.
//
// Elsewhere it is when all of this holds: as many frames as a queue holds were received without
// ever finding its end, most of them were DHCP, and far fewer REQUESTs than OFFERs were among them.
// A standing queue alone is none: it is what any thousand machines make that start at once, or read
// their images; and how many of a few OFFERs are answered within such a moment says nothing.
class Admission {
 public:
  // Frames between two decisions: what queues hold (af_packet 2 048, NICs and memif about that).
  static constexpr std::uint32_t kWindow = 2048;
  static constexpr std::uint32_t kBearable = 16;

  // Frames that the queues have lost so far, all of them together.
  using Losses = std::function<std::uint64_t()>;
  // Without `losses` it goes by the REQUESTs.
  explicit Admission(Losses losses = {}) : losses_(std::move(losses)) {}

  // After each look at the queues: how much came, whether more waits, and what has become of all
  // frames so far.
  void looked(std::uint32_t frames, bool more_waits, const OutcomeCounts& outcomes);
  // Nothing came for so long that the worker takes a nap.
  void rested() { admit_more(kWhole / 16); }

  // True while all are looked at.
  [[nodiscard]] bool whole() const { return share_ == kWhole; }

  // Whether this frame gives way; false for all but some DISCOVERs while not whole(). Looks at
  // kGlance octets at most; what looks like a DISCOVER may turn out malformed.
  [[nodiscard]] bool gives_way(Bytes frame) { return !whole() && leaves_out(frame); }
  static constexpr std::size_t kGlance = 14 + 4 + 20 + 8 + 243;

  // Of 65 536 DISCOVERs.
  [[nodiscard]] std::uint32_t share() const { return share_; }

 private:
  static constexpr std::uint32_t kWhole = 65536;
  static constexpr std::uint32_t kLeast = kWhole / 256;
  static constexpr std::uint32_t kRecovery = kWhole / 4096;
  // An answer costs about as much as so many frames that are only glanced at. When those take
  // most of the time already, fewer answers would win nothing.
  static constexpr std::uint32_t kGlancesPerAnswer = 16;

  struct Window {
    std::uint64_t offers = 0;
    std::uint64_t requests = 0;
    bool mostly_dhcp = false;
  };

  bool leaves_out(Bytes frame);
  void decide_by_losses(const OutcomeCounts& outcomes);
  void decide_by_requests(const OutcomeCounts& outcomes);
  Window close_window(const OutcomeCounts& outcomes);
  [[nodiscard]] bool still_helps() const;
  void admit_less(std::uint32_t by) { share_ = std::max(share_ - by, kLeast); }
  void admit_more(std::uint32_t by) { share_ = std::min(share_ + by, kWhole); }

  const Losses losses_;
  std::uint64_t lost_ = 0;  // at the last decision
  std::uint32_t share_ = kWhole;
  std::uint32_t credit_ = 0;
  // Frames since a decision or, for one that goes by the REQUESTs, since a queue was found empty.
  std::uint32_t standing_ = 0;
  std::uint32_t left_out_ = 0;  // of them
  bool measured_ = false;       // the last decision was a window ago
  std::uint64_t offers_ = 0;    // in all, at that decision
  std::uint64_t requests_ = 0;
  std::uint64_t dhcp_ = 0;
  std::uint64_t all_ = 0;
  std::uint64_t offers_before_ = 0;  // in the window before it
};

// Whether these octets look like a DISCOVER whose first option is its type, as clients write it:
// at most one tag, an IPv4 header without options. Reads up to Admission::kGlance octets.
[[nodiscard]] bool looks_like_discover(Bytes frame);

}  // namespace reveille
