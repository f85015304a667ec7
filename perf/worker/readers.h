// Machines that read one file each in lock-step, all through one queue: a burst of ACKs a turn,
// of transfers in a shuffled order.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <reveille/address.h>
#include <reveille/bytes.h>

#include "packet/share.h"
#include "packet/stations.h"
#include "worker/source.h"

namespace reveille::bench {

// From the moment that each request was due until its reply was handed to the port, in cycles.
struct Latencies {
  std::vector<float> cycles;
  [[nodiscard]] double at(double quantile);
};

class Readers : public Source {
 public:
  struct Shape {
    std::uint32_t transfers = 1;
    std::uint16_t block_size = 1456;
    std::uint32_t images = 64;       // image0, image1 ..., each of many blocks
    std::uint64_t acks = 1'000'000;  // to be measured
    Share share;                     // only machines whose transfers this worker owns
    double acks_per_second = 0;      // 0: as fast as they are taken
    // When ACKs begin and end, in cycles of the clock that all cores share. 0: at once; never.
    std::uint64_t from = 0;
    std::uint64_t until = 0;
  };

  Readers(const Shape& shape, const Station& station);

  unsigned fill(std::span<rte_mbuf*> room, std::uint64_t now_cycles) override;
  void sent(std::span<rte_mbuf*> frames, std::uint64_t now_cycles) override;
  [[nodiscard]] unsigned phase() const override { return is_open() ? 0 : kWarmUp; }
  [[nodiscard]] bool done() const override { return acked_ >= shape_.acks || over_; }

  [[nodiscard]] Latencies& latencies() { return latencies_; }
  // All transfers were open at Shape::from.
  [[nodiscard]] bool began_in_time() const { return in_time_; }

 private:
  static constexpr std::size_t kAckFrame = 60;
  struct Machine {
    Ipv4Address address;
    std::uint16_t transfer_id = 0;  // 0: its read request has not been answered yet
    std::uint16_t block = 0;
    std::array<std::uint8_t, kAckFrame> ack{};
  };

  [[nodiscard]] bool is_open() const { return opened_ == machines_.size(); }
  void write_read_request(rte_mbuf& frame, std::uint32_t number) const;
  void write_ack(Machine& machine) const;

  Shape shape_;
  Station station_;
  std::vector<Machine> machines_;
  std::vector<std::uint32_t> order_;
  std::uint32_t asked_ = 0;
  std::uint32_t opened_ = 0;
  std::uint32_t next_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t begin_ = 0;
  bool in_time_ = false;
  bool over_ = false;
  double cycles_between_ = 0;
  // When each ACK that is not answered yet was due: replies leave in the order of requests.
  std::vector<std::uint64_t> due_;
  std::uint64_t answered_ = 0;
  Latencies latencies_;
};

}  // namespace reveille::bench
