#include "worker/site.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>

#include <rte_ethdev.h>

#include "dhcp/subnets.h"
#include "disk/disk_library.h"
#include "image/catalogue.h"
#include "image/image.h"
#include "policy/boot_policy.h"

namespace reveille::bench {
namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr std::size_t kImageBytes = std::size_t{4} << 20;
constexpr Ipv4Address kAddress = Ipv4Address::of(10, 0, 0, 1);
constexpr Ipv4Address kPool = Ipv4Address::of(10, 128, 0, 0);

[[noreturn]] void fail(const std::string& sentence) {
  std::cerr << "worker-bench: " << sentence << '\n';
  std::exit(1);
}

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

// Made once: 256 MiB, more than any cache holds.
const std::vector<std::shared_ptr<const Image>>& images() {
  static const auto made = [] {
    std::vector<std::shared_ptr<const Image>> all;
    for (std::uint32_t i = 0; i < kImages; ++i) {
      all.push_back(std::make_shared<const Image>("image" + std::to_string(i),
                                                  std::make_unique<Memory>(kImageBytes)));
    }
    return all;
  }();
  return made;
}

std::string disk_path() {
  return std::filesystem::temp_directory_path() /
         ("reveille-bench-" + std::to_string(getpid()) + ".img");
}

Config configuration(unsigned workers, std::uint32_t leases, bool disk) {
  Config config;
  InterfaceConfig interface;
  interface.vdev = "net_null0,size=64,copy=0";
  interface.address = Ipv4Prefix{kAddress, 8};
  config.interfaces = {interface};
  config.workers.count = static_cast<std::uint16_t>(workers);
  config.workers.idle = Idle::busy;
  config.tftp.transfers_max = 61'440;
  config.tftp.half_open_max = 61'440;
  config.tftp.timeout = std::chrono::seconds{60};  // nothing is lost here
  config.boot.default_file = "snponly.efi";
  if (disk) {
    config.disks = {DiskConfig{.address = DiskAddress{0, 1}, .file = disk_path()}};
    config.disk_limits.clients_max = 65'536;
  }
  if (leases == 0) return config;
  SubnetConfig subnet;
  subnet.prefix = {kAddress, 8};
  subnet.pools = {{kPool, {kPool.value + leases - 1}}};
  subnet.routers = {kAddress};
  subnet.dns_servers = {kAddress};
  config.subnets = {subnet};
  return config;
}

// Loaded once; what its clients write is the workers'.
DiskLibrary& disks(const Config& config) {
  static const auto made = [&config] {
    std::mt19937_64 random(1);
    std::vector<std::uint64_t> content(kDiskBytes / sizeof(std::uint64_t));
    std::ranges::generate(content, random);
    std::ofstream(disk_path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), std::streamsize{kDiskBytes});
    auto library = std::make_unique<DiskLibrary>(config, config.workers.count);
    const auto loaded = library->load();
    std::filesystem::remove(disk_path());
    if (!loaded) fail(loaded.error());
    return library;
  }();
  return *made;
}

}  // namespace

void make_images() {
  (void)images();
}

Site::Site(Eal& eal, unsigned workers, std::uint32_t leases, bool disk)
    : config_(std::make_shared<const Config>(configuration(workers, leases, disk))) {
  auto opened = Workers::open(eal, *config_, {.frame_clock = false, .seed = 7});
  if (!opened) fail(opened.error());
  workers_ = std::move(*opened);
}

// A port that is opened anew would still have the callbacks of the one before.
Site::~Site() {
  workers_->stop();
  for (std::size_t i = 0; i < hooks_.size(); ++i) {
    const auto queue = static_cast<std::uint16_t>(i);
    rte_eth_remove_rx_callback(station().port, queue, hooks_[i].receive);
    rte_eth_remove_tx_callback(station().port, queue, hooks_[i].transmit);
  }
}

const Station& Site::station() const {
  return workers_->stations()[0];
}

std::unique_ptr<const Snapshot> Site::snapshot() const {
  auto made = std::make_unique<Snapshot>();
  made->stations = workers_->stations();
  made->config = config_;
  made->subnets = std::make_shared<const Subnets>(*config_);
  made->catalogue = std::make_shared<const Catalogue>(images(), Catalogue::Options{});
  made->policy = std::make_shared<const BootPolicy>(*config_, *made->catalogue);
  if (!config_->disks.empty()) made->disks = disks(*config_).disks();
  return made;
}

bool Site::run(const std::vector<Source*>& sources) {
  const std::uint16_t port = station().port;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    meters_.push_back(std::make_unique<Meter>(*sources[i]));
    const auto queue = static_cast<std::uint16_t>(i);
    void* const meter = meters_.back().get();
    hooks_.push_back({rte_eth_add_rx_callback(port, queue, &Meter::on_receive, meter),
                      rte_eth_add_tx_callback(port, queue, &Meter::on_transmit, meter)});
  }
  if (const auto started = workers_->start(snapshot()); !started) {
    std::cerr << "worker-bench: " << started.error() << '\n';
    return false;
  }
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const auto all_done = [this] {
    return std::ranges::all_of(meters_, [](const auto& meter) { return meter->done(); });
  };
  while (!all_done() && std::chrono::steady_clock::now() < end) {
    workers_->drain_events([](const Event&) {}, std::size_t{1} << 16);
    std::this_thread::sleep_for(kControlSleeps);
  }
  const bool finished = all_done();
  if (!finished) std::cerr << "worker-bench: a case was not finished in time\n";
  workers_->stop();
  return finished;
}

}  // namespace reveille::bench
