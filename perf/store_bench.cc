// Leases on disk, without a network: how fast they are written, how fast a million of them is
// there again at a start, and what one takes in memory.
//
//   store_bench [FOLDER] [leases]
//
// FOLDER is where the database is made, on the disk that is to be measured.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "dhcp/client_key.h"
#include "dhcp/lease_table.h"
#include "dhcp/subnets.h"
#include "store/lease_store.h"

namespace reveille {
namespace {

constexpr Ipv4Address kFirst = Ipv4Address::of(10, 1, 0, 0);

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

template <class T>
T must(tl::expected<T, std::string> result) {
  if (result) return std::move(*result);
  (void)std::fprintf(stderr, "store_bench: %s\n", result.error().c_str());
  std::exit(1);
}

LeaseChange lease(std::uint32_t n) {
  MacAddress mac{{2, 0, 0, 0, 0, 0}};
  store_be32(&mac.octets[2], n);
  return {.kind = LeaseChange::Kind::bound,
          .address = Ipv4Address{kFirst.value + n},
          .client = ethernet_key_of(mac),
          .until = Instant{} + std::chrono::hours{8},
          .mac = mac,
          .version = 1};
}

LeaseStore open(const std::string& path) {
  return must(LeaseStore::open(path, machine_clock([] { return Instant{}; })));
}

void write(const std::string& path, std::uint32_t leases, std::uint32_t batch) {
  LeaseStore store = open(path);
  std::vector<LeaseChange> changes;
  const std::uint32_t count = std::min(leases, 200 * batch);
  const Stopwatch watch;
  for (std::uint32_t n = 0; n < count;) {
    changes.clear();
    while (changes.size() < batch && n < count) changes.push_back(lease(n++));
    if (auto written = store.write(changes); !written) {
      (void)std::fprintf(stderr, "store_bench: %s\n", written.error().c_str());
      std::exit(1);
    }
  }
  (void)std::printf("%7u leases a transaction: %9.0f durable leases/s\n", batch,
                    count / watch.seconds());
}

void load(const std::string& path, std::uint32_t leases) {
  const Stopwatch watch;
  LeaseStore store = open(path);
  const StoredLeases stored = must(store.load());
  const double read = watch.seconds();
  Config config;
  config.interfaces.resize(1);
  config.interfaces[0].address = Ipv4Prefix{Ipv4Address::of(10, 0, 0, 1), 8};
  SubnetConfig subnet;
  subnet.prefix = {Ipv4Address::of(10, 0, 0, 1), 8};
  subnet.pools = {{kFirst, {kFirst.value + leases - 1}}};
  config.subnets = {subnet};
  const Subnets subnets(config);
  const LeaseTable table(subnets, {0, 1}, 1, stored.leases);
  (void)std::printf(
      "%zu leases read in %.2f s, in the table after %.2f s; %.0f bytes of memory each\n",
      stored.leases.size(), read, watch.seconds(),
      static_cast<double>(table.memory_bytes()) / leases);
  if (table.counts(0).bound != stored.leases.size()) {
    (void)std::fprintf(stderr, "store_bench: some leases are missing\n");
    std::exit(1);
  }
}

void run(const std::string& folder, std::uint32_t leases) {
  const std::string path = folder + "/store-bench.db";
  const auto remove = [&] {
    for (const char* const end : {"", "-wal", "-shm", ".lock"}) {
      std::error_code ignored;
      std::filesystem::remove(path + end, ignored);
    }
  };
  for (const std::uint32_t batch : {1U, 64U, 512U}) {
    remove();
    write(path, leases, batch);
  }
  remove();
  write(path, leases, std::max(4096U, leases / 200 + 1));
  load(path, leases);
  remove();
}

}  // namespace
}  // namespace reveille

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : ".";
  const long leases = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 1'000'000;
  if (leases < 1 || leases > 4'000'000) {
    (void)std::fprintf(stderr, "usage: store_bench [FOLDER] [1 to 4000000]\n");
    return 2;
  }
  reveille::run(folder, static_cast<std::uint32_t>(leases));
  return 0;
}
