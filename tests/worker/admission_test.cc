// DISCOVERs give way to REQUESTs when more arrives than a worker can answer, and only then.
#include "worker/admission.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <optional>
#include <random>

#include <gtest/gtest.h>

#include <reveille/wire/dhcp.h>

#include "vectors/vectors.h"

namespace reveille::test {
namespace {

Octets tagged(Octets frame) {
  const Octets tag{0x81, 0, 0, 78};
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  return frame;
}

Octets with(Octets frame, std::size_t at, std::uint8_t value) {
  frame[at] = value;
  return frame;
}

TEST(LooksLikeDiscover, TrueForEveryCapturedDiscover) {
  for (const char* name : {"ipxe_discover", "ipxe_efi_discover", "edk2_discover", "e1000_discover",
                           "rtl8139_discover", "edk2_http_discover"}) {
    EXPECT_TRUE(looks_like_discover(captured(name))) << name;
    EXPECT_TRUE(looks_like_discover(tagged(captured(name)))) << name << " with a tag";
  }
}

TEST(LooksLikeDiscover, FalseForEverythingElse) {
  for (const char* name : {"ipxe_request", "edk2_request", "edk2_http_request", "ipxe_rrq",
                           "ipxe_arp_request", "edk2_boot_server_request", "dnsmasq_offer",
                           "dnsmasq_data", "edk2_tcp", "edk2_router_solicitation"}) {
    EXPECT_FALSE(looks_like_discover(captured(name))) << name;
  }
  const Octets discover = captured("ipxe_discover");
  EXPECT_FALSE(looks_like_discover(with(discover, 14, 0x46))) << "IP options";
  EXPECT_FALSE(looks_like_discover(with(discover, 23, 6))) << "TCP";
  EXPECT_FALSE(looks_like_discover(with(discover, 37, 68))) << "to a client";
  EXPECT_FALSE(looks_like_discover(with(discover, 278, 0))) << "BOOTP";
  EXPECT_FALSE(looks_like_discover(with(discover, 284, 3))) << "a REQUEST";
}

TEST(LooksLikeDiscover, ReadsNothingPastTheFrame) {
  for (const Octets& frame : {captured("ipxe_discover"), tagged(captured("ipxe_discover"))}) {
    const std::size_t needed = frame[12] == 0x81 ? Admission::kGlance : Admission::kGlance - 4;
    for (std::size_t length = 0; length < needed; ++length) {
      const Octets cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_FALSE(looks_like_discover(cut)) << length;
    }
  }
}

// What a worker goes by that has more to do than it can.
enum class By : std::uint8_t { nothing, requests, losses };

// A worker that answers one DORA in 68 units of time, a queue of 2 048 frames, and machines that
// come at `times` that rate and ask each question once. Time is counted, not taken. At ten times
// the rate the glances alone take three tenths of it: 71 % is all that can be had.
class Rush {
 public:
  static constexpr std::uint64_t kGlanceTime = 2;
  static constexpr std::uint64_t kAnswerTime = 32;
  static constexpr std::uint64_t kDoraTime = 2 * (kGlanceTime + kAnswerTime);
  static constexpr std::uint64_t kRoundTrip = 5000;
  static constexpr std::size_t kQueue = 2048;

  struct Wire {
    std::uint32_t one_arrives_of = 1;  // frames, of any kind
    std::uint32_t one_short_of = 0;    // looks at the queue: less is found than there is
  };
  Rush(double times, By by) : Rush(times, by, Wire{}) {}
  Rush(double times, By by, Wire wire)
      : every_(kDoraTime / times), wire_(wire), admits_(by != By::nothing) {
    if (by == By::losses) admission_.emplace([this] { return lost_; });
  }

  // Completed DORAs of those that the worker could have completed in that time.
  double goodput(std::uint64_t doras) {
    const std::uint64_t warm = doras / 4 * kDoraTime;
    const std::uint64_t end = warm + doras * kDoraTime;
    std::uint64_t before = 0;
    while (now_ < end) {
      turn();
      if (now_ < warm) before = acks();
    }
    return static_cast<double>(acks() - before) / static_cast<double>(doras);
  }
  [[nodiscard]] std::uint64_t left_out() const { return outcomes_[Outcome::dhcp_gave_way]; }

 private:
  enum class Kind : bool { discover, request };

  // What has come by now, in its order.
  void arrive() {
    for (;;) {
      const double request = requests_.empty() ? 1e18 : static_cast<double>(requests_.front());
      if (std::min(next_machine_, request) > static_cast<double>(now_)) return;
      if (request <= next_machine_) {
        requests_.pop_front();
        put(Kind::request);
      } else {
        next_machine_ += every_;
        put(Kind::discover);
      }
    }
  }
  void put(Kind kind) {
    if (random_() % wire_.one_arrives_of != 0) return;
    if (queue_.size() < kQueue) {
      queue_.push_back(kind);
    } else {
      ++lost_;
    }
  }
  void turn() {
    arrive();
    std::uint32_t taken = 0;
    const bool is_short = wire_.one_short_of != 0 && random_() % wire_.one_short_of == 0;
    for (; taken < (is_short ? 16U : 32U) && !queue_.empty(); ++taken, queue_.pop_front())
      take(queue_.front());
    if (taken == 0) ++now_;
    if (admits_) admission_->looked(taken, taken == 32, outcomes_);
  }
  void take(Kind kind) {
    now_ += kGlanceTime;
    if (admission_->gives_way(kind == Kind::discover ? discover_ : request_)) {
      return outcomes_.add(Outcome::dhcp_gave_way);
    }
    now_ += kAnswerTime;
    outcomes_.add(kind == Kind::discover ? Outcome::dhcp_offered : Outcome::dhcp_acked);
    if (kind == Kind::discover) requests_.push_back(now_ + kRoundTrip);
  }
  [[nodiscard]] std::uint64_t acks() const { return outcomes_[Outcome::dhcp_acked]; }

  const Octets discover_ = captured("ipxe_discover");
  const Octets request_ = captured("ipxe_request");
  const double every_;
  const Wire wire_;
  const bool admits_;
  std::optional<Admission> admission_{std::in_place};
  std::minstd_rand random_;
  std::uint64_t lost_ = 0;
  OutcomeCounts outcomes_;
  std::deque<Kind> queue_;
  std::deque<std::uint64_t> requests_;
  double next_machine_ = 0;
  std::uint64_t now_ = 0;
};

// As many frames as a window has, without finding the queue's end.
void look_through_window(Admission& admission, const OutcomeCounts& outcomes) {
  for (std::uint32_t i = 0; i < Admission::kWindow / 32; ++i) {
    admission.looked(32, true, outcomes);
  }
}

TEST(Admission, LeavesNobodyOutWhileAllCanBeAnswered) {
  for (const By by : {By::requests, By::losses}) {
    Rush rush(0.9, by);
    EXPECT_GT(rush.goodput(50'000), 0.89);
    EXPECT_EQ(rush.left_out(), 0U);
  }
}

// As many as the queue holds, all at once, again and again: none is lost, so none is left out.
TEST(Admission, AStandingQueueAloneIsNoOverload) {
  Admission admission;
  OutcomeCounts outcomes;
  for (int window = 0; window < 1000; ++window) {
    outcomes.add(Outcome::dhcp_offered, Admission::kWindow / 2);
    outcomes.add(Outcome::dhcp_acked, Admission::kWindow / 2);
    look_through_window(admission, outcomes);
    ASSERT_TRUE(admission.whole());
  }
}

// Machines that read images and disks keep the queue full; those that power on meanwhile answer
// their OFFERs when their firmware gets to it, windows later.
TEST(Admission, AQueueFullOfOtherThingsLeavesNobodyOut) {
  for (const unsigned offers : {1U, 10U, 50U, 200U}) {
    for (const int later : {1, 20}) {
      Admission admission;
      OutcomeCounts outcomes;
      for (int window = 0; window < 1000; ++window) {
        outcomes.add(Outcome::dhcp_offered, window % 3 == 0 ? offers : 0);
        outcomes.add(Outcome::dhcp_acked,
                     window >= later && (window - later) % 3 == 0 ? offers : 0);
        outcomes.add(Outcome::tftp_acked, Admission::kWindow - offers);
        look_through_window(admission, outcomes);
        ASSERT_TRUE(admission.whole()) << offers << " a window, answered " << later << " later";
      }
    }
  }
}

// Beside another server clients take its offers, and say so.
TEST(Admission, RequestsToAnotherServerArriveToo) {
  Admission admission;
  OutcomeCounts outcomes;
  for (int window = 0; window < 100; ++window) {
    outcomes.add(Outcome::dhcp_offered, Admission::kWindow / 2);
    outcomes.add(Outcome::dhcp_other_server, Admission::kWindow / 4);
    outcomes.add(Outcome::dhcp_unknown_lease, Admission::kWindow / 4);
    look_through_window(admission, outcomes);
    ASSERT_TRUE(admission.whole());
  }
}

// A port with one queue: its worker hands three of four frames over, and does not see what becomes
// of them.
TEST(Admission, SeesAnOverloadInTheFramesThatItKeeps) {
  Admission admission;
  OutcomeCounts outcomes;
  for (int window = 0; window < 3; ++window) {
    outcomes.add(Outcome::dhcp_offered, Admission::kWindow / 4);
    look_through_window(admission, outcomes);
  }
  EXPECT_FALSE(admission.whole());
}

TEST(Admission, KeepsTheGoodputOfAnOverloadedWorker) {
  struct Case {
    double times;
    double without_at_most;
    double with_at_least;
  };
  for (const Case& one :
       {Case{1.2, 0.97, 0.93}, Case{2, 0.82, 0.94}, Case{4, 0.62, 0.86}, Case{10, 0.36, 0.66}}) {
    const double without = Rush(one.times, By::nothing).goodput(100'000);
    const double requests = Rush(one.times, By::requests).goodput(100'000);
    const double losses = Rush(one.times, By::losses).goodput(100'000);
    std::printf(
        "%4.1f times what it can do: of the peak %3.0f %% by the REQUESTs, %3.0f %% by the "
        "losses, %3.0f %% without admission\n",
        one.times, requests * 100, losses * 100, without * 100);
    EXPECT_LT(without, one.without_at_most) << one.times;
    EXPECT_GT(requests, one.with_at_least) << one.times;
    EXPECT_GT(losses, one.with_at_least) << one.times;
  }
}

// AF_XDP's driver looks at what the kernel told it last: a look in sixteen finds the end of that.
// And half of all frames are lost on their way to the queue, where no worker can help it: then of
// three answers one is an ACK, of 4 times what it can do.
TEST(Admission, ByLossesItNeedsNoQueueThatTellsItsEnd) {
  const auto goodput = [](double times, By by, std::uint32_t one_arrives_of) {
    return Rush(times, by, {.one_arrives_of = one_arrives_of, .one_short_of = 16}).goodput(100'000);
  };
  for (const std::uint32_t one_arrives_of : {1, 2}) {
    const double times = 4.0 * one_arrives_of;
    const double without = goodput(times, By::nothing, one_arrives_of);
    const double requests = goodput(times, By::requests, one_arrives_of);
    const double losses = goodput(times, By::losses, one_arrives_of);
    std::printf(
        "short looks, one of %u frames arrives: of the peak %3.0f %% by the REQUESTs, "
        "%3.0f %% by the losses, %3.0f %% without admission\n",
        one_arrives_of, requests * 100, losses * 100, without * 100);
    EXPECT_GT(losses, one_arrives_of == 1 ? 0.86 : 0.57);
    EXPECT_GT(losses, requests + 0.05);
  }
}

TEST(Admission, EndsWithTheRush) {
  for (const bool naps : {false, true}) {
    Admission admission;
    OutcomeCounts outcomes;
    for (int i = 0; i < 100'000; ++i) {
      outcomes.add(Outcome::dhcp_offered, 16);
      admission.looked(32, true, outcomes);
    }
    EXPECT_FALSE(admission.whole());
    if (naps) {
      for (int i = 0; i < 16; ++i) admission.rested();
    } else {
      for (int i = 0; i < 4096; ++i) admission.looked(1, false, outcomes);
    }
    EXPECT_TRUE(admission.whole());
    EXPECT_FALSE(admission.gives_way(captured("ipxe_discover")));
  }
}

TEST(Admission, ByLossesItGoesByThoseOfTheLastWindow) {
  std::uint64_t lost = 0;
  Admission admission([&lost] { return lost; });
  OutcomeCounts outcomes;
  const auto window = [&](std::uint64_t lost_in_it, Outcome outcome) {
    lost += lost_in_it;
    outcomes.add(outcome, Admission::kWindow);
    look_through_window(admission, outcomes);
    return admission.share();
  };
  constexpr std::uint64_t kBearable = Admission::kWindow / Admission::kBearable;
  const std::uint32_t whole = admission.share();
  EXPECT_EQ(window(kBearable, Outcome::dhcp_offered), whole);
  EXPECT_EQ(window(10'000, Outcome::tftp_acked), whole) << "no matter of DISCOVERs";
  const std::uint32_t less = window(kBearable + 1, Outcome::dhcp_offered);
  EXPECT_LT(less, whole);
  EXPECT_GT(window(0, Outcome::dhcp_offered), less);
}

}  // namespace
}  // namespace reveille::test
