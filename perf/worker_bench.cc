// What a frame costs in the poll loop: whole workers on DPDK's ring port, clients as frames.
//
//   build/perf/worker-bench [seconds]
//
// Cycles are those of turns that had work (WorkerStatistics::working), divided by the frames
// received: receiving, classifying, handling, writing and handing the reply to a port that only
// passes pointers. What a NIC's own descriptors cost comes on top. The clients run on the control
// thread, on another core if there is one.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <rte_cycles.h>

#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;

using SteadyClock = std::chrono::steady_clock;

// Samples the workers' account each few milliseconds. On a machine that has other things to do
// some samples contain time in which the worker did not run; the lower quartile does not.
class Meter {
 public:
  explicit Meter(const Site& site)
      : site_(site), first_(site.workers->statistics().sum()), last_(first_) {}

  void look() {
    const auto now = SteadyClock::now();
    if (now - looked_ < std::chrono::milliseconds(3)) return;
    looked_ = now;
    const WorkerStatistics sum = site_.workers->statistics().sum();
    const std::uint64_t frames = sum.frames_received - last_.frames_received;
    if (frames < 32) return;
    const auto working = static_cast<double>((sum.working - last_.working).count());
    const double cycles = working / 1e9 * static_cast<double>(rte_get_tsc_hz());
    cycles_per_frame_.push_back(cycles / static_cast<double>(frames));
    last_ = sum;
  }
  void report(const char* what) {
    if (cycles_per_frame_.empty()) return;
    std::ranges::sort(cycles_per_frame_);
    const std::size_t count = cycles_per_frame_.size();
    const auto in = static_cast<double>(last_.frames_received - first_.frames_received);
    const auto out = static_cast<double>(last_.frames_sent - first_.frames_sent);
    std::printf("%-34s %7.0f cycles/frame (median %7.0f), %5.2f replies/frame, %9.0f frames\n",
                what, cycles_per_frame_[count / 4], cycles_per_frame_[count / 2], out / in, in);
  }

 private:
  const Site& site_;
  WorkerStatistics first_;
  WorkerStatistics last_;
  SteadyClock::time_point looked_{};
  std::vector<double> cycles_per_frame_;
};

// The same frames over and over, as many as the worker takes.
void flood(const char* what, const std::vector<Octets>& frames, double seconds,
           std::uint16_t workers = 1) {
  Site site({.workers = workers, .wire = {.transmit_room = 16384}, .idle = Idle::busy});
  site.start();
  const auto end = SteadyClock::now() + std::chrono::duration<double>(seconds);
  Meter meter(site);
  for (std::size_t i = 0; SteadyClock::now() < end; meter.look()) {
    for (int k = 0; k < 64; ++k) site.wire.inject(frames[i++ % frames.size()]);
    site.wire.discard();
  }
  meter.report(what);
}

// Clients that read one large file for ever: every ACK is answered with a window.
void transfers(const char* what, unsigned clients, unsigned window, double seconds) {
  Site site({.workers = 1, .wire = {.transmit_room = 16384}, .idle = Idle::busy});
  site.images = {make_image("big", pattern(std::size_t{64} << 20))};
  site.start();
  const std::string windowsize = std::to_string(window);
  const auto port_of = [](unsigned n) { return static_cast<std::uint16_t>(20000 + n); };
  const auto ask = [&](unsigned n) {
    site.wire.inject(
        read_request(n, port_of(n), "big", {{"blksize", "1468"}, {"windowsize", windowsize}}));
  };
  for (unsigned n = 0; n < clients; ++n) ask(n);
  std::vector<Octets> acks(clients);
  const auto end = SteadyClock::now() + std::chrono::duration<double>(seconds);
  Meter meter(site);
  for (; SteadyClock::now() < end; meter.look()) {
    site.wire.for_each_sent([&](const rte_mbuf& frame) {
      const auto* octets = rte_pktmbuf_mtod(&frame, const std::uint8_t*);
      const unsigned n = load_be16(octets + 36) - 20000U;
      const bool data = load_be16(octets + 42) == 3;
      const std::uint16_t block = data ? load_be16(octets + 44) : std::uint16_t{0};
      if (data && frame.pkt_len < 46 + 1468) return ask(n);  // the end: once more
      if (data && block % window != 0) return;
      // Only the block number of an ACK changes; its UDP checksum is left out.
      Octets& frame_of_ack = acks[n];
      if (!data) {
        frame_of_ack = ack(n, port_of(n), load_be16(octets + 34), 0);
        store_be16(&frame_of_ack[40], 0);
      }
      if (frame_of_ack.empty()) return;
      store_be16(&frame_of_ack[44], block);
      site.wire.inject(frame_of_ack);
    });
  }
  meter.report(what);
}

}  // namespace
}  // namespace reveille

int main(int argc, char** argv) {
  using namespace reveille;
  using namespace reveille::test;
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  flood("ARP request", {arp_request()}, seconds);
  flood("ICMP echo, 56 octets", {echo_request_frame(56)}, seconds);
  Octets stranger = arp_request();
  store_be16(&stranger[12], 0x88cc);  // LLDP
  flood("a protocol that is not ours", {stranger}, seconds);
  std::vector<Octets> discovers;
  for (unsigned n = 0; n < 4000; ++n) discovers.push_back(discover(n));
  flood("DISCOVER, 4000 clients", discovers, seconds);
  flood("DISCOVER, 4000 clients, 2 workers", discovers, seconds, 2);
  transfers("ACK, window 1, 1 client", 1, 1, seconds);
  transfers("ACK, window 1, 200 clients", 200, 1, seconds);
  transfers("ACK, window 8, 200 clients", 200, 8, seconds);
  return 0;
}
