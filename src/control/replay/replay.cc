#include "control/replay/replay.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <thread>
#include <unistd.h>

#include "control/config/config_check.h"
#include "control/config/machine_check.h"
#include "control/config/value_text.h"
#include "control/console.h"
#include "control/hosts/host_files.h"
#include "control/server.h"
#include "control/signals.h"

namespace reveille {
namespace {

constexpr Ipv4Prefix kDefaultAddress{Ipv4Address::of(10, 77, 0, 1), 16};
// Ours where the capture shows no server: locally administered, the same in every replay.
constexpr MacAddress kDefaultMac{{0x02, 'w', 'a', 'k', 'e', 1}};
constexpr std::uint32_t kPoolMax = 65536;

// A file by its descriptor: DPDK's device arguments can hold no comma, paths can.
class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

// Below or above our own address, whichever is larger.
PoolConfig default_pool(const Ipv4Prefix& own) {
  const std::uint32_t first = own.network().value + 1;
  const std::uint32_t last = own.directed_broadcast().value - 1;
  const std::uint32_t ours = own.address.value;
  if (ours - first > last - ours) {
    return {{std::max(first, ours - std::min(ours, kPoolMax))}, {ours - 1}};
  }
  return {{ours + 1}, {std::min(last, ours + kPoolMax)}};
}

void add_default_pool(ParsedConfig& to) {
  const bool wanted = to.config.dhcp.mode == DhcpMode::server && to.config.subnets.empty() &&
                      !to.origins.has("subnet");
  if (!wanted || to.config.interfaces.empty()) return;
  const std::optional<Ipv4Prefix>& own = to.config.interfaces[0].address;
  if (!own || own->length < 8 || own->length > 30) return;  // check_config() says so
  to.origins.set("subnet[0].prefix", {});
  SubnetConfig& subnet = to.config.subnets.emplace_back();
  subnet.prefix = {own->network(), own->length};
  subnet.pools.push_back(default_pool(*own));
}

}  // namespace

ParsedConfig configure_replay(const ConfigArguments& arguments,
                              const std::optional<CaptureServer>& server,
                              const std::string& capture_device) {
  ParsedConfig parsed = begin_config(arguments);
  if (!parsed.readable) return parsed;
  read_host_files(parsed);
  auto& interfaces = parsed.config.interfaces;
  if (interfaces.empty() && !parsed.origins.has("interface")) {
    interfaces.emplace_back().address = server ? server->address : kDefaultAddress;
    parsed.origins.set("interface", {});
    parsed.origins.set("interface[0].address", {});
  }
  // Of several interfaces the first one is replayed.
  if (interfaces.size() > 1) interfaces.resize(1);
  for (InterfaceConfig& interface : interfaces) {
    interface.interface.clear();
    interface.device.clear();
    interface.vdev = capture_device;
  }
  apply_arguments(arguments, parsed);
  // Leases of a capture are nobody's.
  parsed.config.leases.database = LeasesConfig::kInMemory;
  // And nobody in it can answer a probe.
  parsed.config.dhcp.detect_conflicts = false;
  // One after the other, and no ring between workers that could overflow.
  parsed.config.workers.count = 1;
  add_default_pool(parsed);
  // Clients would write to them, and nobody knows what stood in them when the frames came.
  parsed.config.disks.clear();
  // Without an image folder there is nothing to ask for, but all else can be replayed.
  parsed.origins.set("images.root", parsed.origins.of("images.root"));
  check_config(parsed.config, parsed.origins, parsed.problems);
  if (!parsed.problems.any_error()) {
    check_machine(parsed.config, parsed.origins, Purpose::replay, parsed.problems);
  }
  return parsed;
}

void take_place_of(const std::optional<CaptureServer>& server, std::vector<Station>& stations) {
  for (Station& station : stations) {
    const bool same = server && server->address.address == station.address.address;
    station.mac = same ? server->mac : kDefaultMac;
    station.link_local = Ipv6Address::link_local(station.mac);
  }
}

namespace {

ServerOptions replay_options(const std::optional<CaptureServer>& server) {
  ServerOptions options;
  options.workers.frame_clock = true;
  options.workers.seed = kReplaySeed;
  options.adjust_stations = [server](std::vector<Station>& stations) {
    take_place_of(server, stations);
  };
  return options;
}

// False when it was interrupted.
bool run(Server& server, Signals& signals) {
  while (!server.exhausted()) {
    const bool busy = server.turn() > 0;
    if (const auto signal = signals.wait(std::chrono::milliseconds{busy ? 0 : 1})) return false;
  }
  return true;
}

}  // namespace

int replay(const CommandLine& line) {
  const auto capture_server = find_capture_server(line.capture);
  if (!capture_server) return failed(capture_server.error());
  const OpenFile capture(line.capture, O_RDONLY);
  if (!capture.is_open()) return failed(line.capture + ": " + std::strerror(errno));
  const bool writes = !line.answers.empty();
  std::error_code ignored;
  if (writes && std::filesystem::equivalent(line.capture, line.answers, ignored)) {
    return failed(line.answers + " is the capture itself: write the answers to another file");
  }
  const OpenFile answers(writes ? line.answers : "/dev/null",
                         writes ? O_RDWR | O_CREAT | O_TRUNC : O_RDWR);
  if (!answers.is_open()) return failed(line.answers + ": " + std::strerror(errno));

  ParsedConfig parsed =
      configure_replay(line.config, *capture_server,
                       "net_pcap0,rx_pcap=" + capture.path() + ",tx_pcap=" + answers.path());
  if (!usable(parsed.problems)) return 1;
  const auto config = std::make_shared<const Config>(std::move(parsed.config));

  Log log(config->log, std::cout);
  Signals signals;
  auto server = Server::start(config, log, replay_options(*capture_server));
  if (!server) return failed(server.error());
  const bool complete = run(**server, signals);
  (*server)->stop();
  return complete ? 0 : 1;
}

}  // namespace reveille
