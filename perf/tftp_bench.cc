// Cycles from an ACK to the DATA that answers it, through TftpEngine::handle() alone: no port,
// no classification, no buffers but a burst of warm reply heads.
//
//   tftp_bench [MiB of each of 64 images, 4]
//
// Transfers are served in a shuffled order, as a storm would: neither their state nor the image
// around their block is in the cache because of a neighbour.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>
#include <x86intrin.h>

#include <reveille/wire/tftp.h>

#include "image/catalogue.h"
#include "packet/known_clients.h"
#include "packet/snapshot.h"
#include "tftp/engine.h"

namespace reveille {
namespace {

constexpr std::size_t kBurst = 32;
constexpr std::size_t kHead = 2048;
constexpr std::size_t kImages = 64;

class Memory : public Image::Storage {
 public:
  explicit Memory(std::size_t size) : bytes_(size) {
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i + 8 <= size; i += 8) store_be64(&bytes_[i], random());
  }
  [[nodiscard]] Bytes bytes() const override { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

// One machine that reads in lock-step.
struct Reader {
  Request request;
  std::array<std::uint8_t, 4> ack{};
  std::uint16_t block = 0;
};

class Bench {
 public:
  Bench(const std::vector<std::shared_ptr<const Image>>& images, std::size_t transfers,
        std::uint16_t block_size)
      : engine_(limits(transfers), Share{}, 1, clients_),
        readers_(transfers),
        heads_(kBurst * kHead) {
    Station station;
    station.mac = {{2, 0, 0, 0, 0, 1}};
    station.address = {Ipv4Address::of(10, 77, 0, 1), 8};
    snapshot_.stations = {station};
    snapshot_.catalogue = std::make_shared<Catalogue>(images, Catalogue::Options{});
    std::vector<std::size_t> order(transfers);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), std::mt19937(2));
    for (const std::size_t i : order) open(i, block_size);
    // Everybody stands somewhere else in the image.
    std::mt19937 random(3);
    for (Reader& reader : readers_) {
      const auto ahead = static_cast<unsigned>(random() % 1000);
      for (unsigned step = 0; step < ahead; ++step) {
        replies_.clear();
        acknowledge(reader);
      }
    }
  }

  // One ACK of each reader, `rounds` times. Returns cycles per ACK: the median burst, so that
  // what else runs on the machine does not count.
  double run(int rounds, bool prefetch) {
    std::vector<double> bursts;
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t at = 0; at < readers_.size(); at += kBurst) {
        const std::size_t end = std::min(at + kBurst, readers_.size());
        for (std::size_t i = at; i < end; ++i) prepare(readers_[i]);
        now_ += 20us;
        const Context context{now_, snapshot_, replies_, events_, outbox_, links_};
        replies_.clear();
        const std::uint64_t begin = __rdtsc();
        if (prefetch) {
          for (std::size_t i = at; i < end; ++i) engine_.prefetch(readers_[i].request);
          for (std::size_t i = at; i < end; ++i) engine_.prefetch_payload(readers_[i].request);
        }
        for (std::size_t i = at; i < end; ++i) {
          if (engine_.handle(readers_[i].request, context) != Outcome::tftp_acked) std::abort();
        }
        bursts.push_back(static_cast<double>(__rdtsc() - begin) / static_cast<double>(end - at));
        engine_.tick(context);
        for (std::size_t i = at; i < end; ++i) ++readers_[i].block;
      }
    }
    const auto middle = bursts.begin() + static_cast<std::ptrdiff_t>(bursts.size() / 2);
    std::nth_element(bursts.begin(), middle, bursts.end());
    return *middle;
  }

 private:
  static TftpConfig limits(std::size_t transfers) {
    TftpConfig config;
    config.transfers_max = static_cast<std::uint32_t>(transfers);
    config.half_open_max = config.transfers_max;
    config.timeout = 1000s;  // nothing is lost here
    return config;
  }

  void open(std::size_t index, std::uint16_t block_size) {
    Reader& reader = readers_[index];
    Request& request = reader.request;
    request.service = Service::tftp_open;
    request.link_source = {{0x52, 0x54, 0, static_cast<std::uint8_t>(index >> 16),
                            static_cast<std::uint8_t>(index >> 8),
                            static_cast<std::uint8_t>(index)}};
    request.source = {0x0a4e0000U + static_cast<std::uint32_t>(index)};
    request.source_port = 2070;
    request.destination_port = wire::kTftpPort;
    std::array<std::uint8_t, 100> room;
    const std::string size = std::to_string(block_size);
    const wire::TftpOption option{"blksize", size};
    const std::string name = "image" + std::to_string(index % kImages);
    request.body = {room.data(), wire::write_tftp_read_request(room, name, "octet", {&option, 1})};
    replies_.clear();
    events_.clear();
    const Context context{now_, snapshot_, replies_, events_, outbox_, links_};
    if (engine_.handle(request, context) != Outcome::tftp_opened) std::abort();
    request.service = Service::tftp_transfer;
    request.destination_port = load_be16(replies_.all()[0].head + 34);
    request.body = reader.ack;
    acknowledge(reader);
  }

  void prepare(Reader& reader) { wire::write_tftp_ack(reader.ack, reader.block); }
  void acknowledge(Reader& reader) {
    prepare(reader);
    replies_.clear();
    const Context context{now_, snapshot_, replies_, events_, outbox_, links_};
    if (engine_.handle(reader.request, context) != Outcome::tftp_acked) std::abort();
    ++reader.block;
  }

  Snapshot snapshot_;
  KnownClients clients_{1, 1};
  TftpEngine engine_;
  std::vector<Reader> readers_;
  std::vector<std::uint8_t> heads_;
  std::vector<Reply> slots_ = [this] {
    std::vector<Reply> slots(kBurst);
    for (std::size_t i = 0; i < kBurst; ++i) slots[i] = {&heads_[i * kHead], kHead};
    return slots;
  }();
  Replies replies_{slots_};
  std::vector<Event> event_room_ = std::vector<Event>(16);
  Events events_{event_room_};
  Outbox outbox_{{}};
  LinkState links_;
  Instant now_ = Instant{} + 1s;
};

// What copying one block would cost: the least of a server that does not gather. Cycles, the
// median of many; from images of that size in turn, into one burst of buffers that stay warm.
double copy_cycles(const std::vector<std::shared_ptr<const Image>>& images, std::size_t length) {
  std::vector<std::uint8_t> burst(kBurst * 2048);
  std::vector<double> bursts;
  std::size_t at = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::uint64_t begin = __rdtsc();
    for (std::size_t i = 0; i < kBurst; ++i) {
      const Bytes from = images[(at + i) % images.size()]->bytes();
      // Blocks of many transfers lie far from each other.
      std::memcpy(&burst[i * 2048], &from[(at * 7919 + i) * length % (from.size() - length)],
                  length);
    }
    // Else the compiler sees that nobody reads it.
    asm volatile("" : : "r"(burst.data()) : "memory");
    bursts.push_back(static_cast<double>(__rdtsc() - begin) / kBurst);
    at += kBurst;
  }
  const auto middle = bursts.begin() + static_cast<std::ptrdiff_t>(bursts.size() / 2);
  std::nth_element(bursts.begin(), middle, bursts.end());
  return *middle;
}

}  // namespace
}  // namespace reveille

// NOLINTNEXTLINE(bugprone-exception-escape): it ends with what went wrong
int main(int argc, char** argv) {
  using namespace reveille;
  const std::size_t mebibytes = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 4;
  std::vector<std::shared_ptr<const Image>> images;
  for (std::size_t i = 0; i < kImages; ++i) {
    images.push_back(std::make_shared<const Image>("image" + std::to_string(i),
                                                   std::make_unique<Memory>(mebibytes << 20)));
  }
  (void)std::printf("cycles per ACK answered with DATA, %zu images of %zu MiB\n", kImages,
                    mebibytes);
  (void)std::printf("%10s %10s %12s %12s\n", "block", "transfers", "one by one", "prefetched");
  for (const std::uint16_t block_size :
       std::initializer_list<std::uint16_t>{512, 1024, 1432, 1456, 1468}) {
    for (const std::size_t transfers : std::initializer_list<std::size_t>{100, 10000, 60000}) {
      Bench bench(images, transfers, block_size);
      const int rounds = static_cast<int>(std::clamp<std::size_t>(200'000 / transfers, 10, 500));
      bench.run(1, true);
      const double cold = bench.run(rounds, false);
      const double warm = bench.run(rounds, true);
      (void)std::printf("%10u %10zu %12.0f %12.0f\n", block_size, transfers, cold, warm);
    }
  }
  (void)std::printf("cycles of memcpy() alone, 1456 octets of an image: %.0f\n",
                    copy_cycles(images, 1456));
}
