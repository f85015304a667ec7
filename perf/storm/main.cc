// reveille-storm: many simulated machines against a network boot server.
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <random>

#include <rte_eal.h>
#include <rte_launch.h>

#include "storm/disk_pattern.h"
#include "storm/disk_result.h"
#include "storm/flood_result.h"
#include "storm/progress.h"
#include "storm/report.h"
#include "storm/result.h"

namespace reveille::storm {
namespace {

constexpr int kAllBooted = 0;
constexpr int kSomeFailed = 1;
constexpr int kNotRun = 2;
constexpr Nanoseconds kLinkLimit = 10s;

std::atomic<bool> stop_requested{false};

void request_stop(int /*signal*/) {
  stop_requested.store(true);
}

int complain(const std::string& sentence) {
  fmt::print(stderr, "reveille-storm: {}\n", sentence);
  return kNotRun;
}

std::vector<std::uint8_t> ideal_file(std::uint64_t length) {
  std::vector<std::uint8_t> bytes(length);
  std::mt19937_64 random(42);  // the same in a swarm of another process
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

int show(const Options& options, const nlohmann::json& result) {
  nlohmann::json ceiling;
  if (options.ceiling_json) {
    auto read = read_result(*options.ceiling_json);
    if (!read) return complain(read.error());
    ceiling = *read;
  }
  fmt::print("{}", result_table(result, ceiling));
  if (!options.json_file.empty()) {
    if (auto done = write_text(options.json_file, result.dump(1) + "\n"); !done) {
      return complain(done.error());
    }
  }
  if (!options.html_file.empty()) {
    if (auto done = write_text(options.html_file, html_report({result})); !done) {
      return complain(done.error());
    }
  }
  const bool good = result.at("failed") == 0 && result.at("booted") != 0;
  return good && !result.at("interrupted") && !server_left(result) ? kAllBooted : kSomeFailed;
}

int run_storm(const Options& options, Files& files, Port& port) {
  if (!port.wait_for_link(kLinkLimit)) {
    return complain("no server: nobody is at the other end of the port (10 s waited)");
  }
  Swarm swarm(options.storm, files, port);
  ProgressLine line(stderr, options.storm.machines, options.quiet);
  const LoopFigures loop = run(swarm, port, stop_requested, [&line, &swarm](Nanoseconds elapsed) {
    line.show(elapsed, swarm.statistics().counters);
  });
  line.end();
  if (!swarm.complaint().empty()) return complain(swarm.complaint());
  return show(options, make_result(options, swarm, port, loop));
}

int storm_command(const Options& options) {
  Files files(options.root);
  for (const std::string& each : options.expected) {
    const std::size_t equals = each.find('=');
    if (equals == std::string::npos) return complain("--expect: " + each + " is not FILE=PATH");
    auto expected = files.expect(each.substr(0, equals), each.substr(equals + 1));
    if (!expected) return complain("--expect: " + expected.error());
  }
  if (auto started = start_dpdk(1); !started) return complain(started.error());
  auto port = Port::open(options.port);
  if (!port) return complain(port.error());
  return run_storm(options, files, **port);
}

int disk_command(const Options& options) {
  const auto image = DiskImage::open(options.disk.image);
  if (!image) return complain(image.error());
  if (options.disk.storm.pattern && !looks_like_pattern(image->bytes())) {
    return complain(options.disk.image + " is not what `reveille-storm image` writes");
  }
  DiskStormConfig config = options.disk.storm;
  if (!options.disk.trace.empty()) {
    auto trace = read_disk_trace(options.disk.trace, image->bytes().size() / DiskContents::kSector);
    if (!trace) return complain(trace.error());
    config.trace = std::move(*trace);
  }
  if (auto started = start_dpdk(1); !started) return complain(started.error());
  auto port = Port::open(options.port);
  if (!port) return complain(port.error());
  if (!(*port)->wait_for_link(kLinkLimit)) {
    return complain("no target: nobody is at the other end of the port (10 s waited)");
  }
  DiskStorm storm(config, image->bytes(), **port);
  const LoopFigures loop = run_loop(storm, **port, stop_requested, [](Nanoseconds) {});
  if (!storm.complaint().empty()) return complain(storm.complaint());
  const auto result = make_disk_result(options.label, options.disk, storm, loop.interrupted);
  fmt::print("{}", disk_table(result));
  if (!options.json_file.empty()) {
    if (auto done = write_text(options.json_file, result.dump(1) + "\n"); !done) {
      return complain(done.error());
    }
  }
  return is_good(result) ? kAllBooted : kSomeFailed;
}

int image_command(const Options& options) {
  constexpr std::uint64_t kSectorsPerMebibyte = (1 << 20) / DiskContents::kSector;
  auto written =
      write_pattern_image(options.image_file, options.image_mebibytes * kSectorsPerMebibyte);
  return written ? kAllBooted : complain(written.error());
}

int flood_command(const Options& options) {
  if (auto started = start_dpdk(1); !started) return complain(started.error());
  auto port = Port::open(options.port);
  if (!port) return complain(port.error());
  if (!(*port)->wait_for_link(kLinkLimit)) {
    return complain("no server: nobody is at the other end of the port (10 s waited)");
  }
  Flood flood(options.flood, **port);
  const LoopFigures loop = run_loop(flood, **port, stop_requested, [](Nanoseconds) {});
  const auto result = make_flood_result(options.label, options.flood, flood, loop.interrupted);
  fmt::print("{}", flood_table(result));
  if (!options.json_file.empty()) {
    if (auto done = write_text(options.json_file, result.dump(1) + "\n"); !done) {
      return complain(done.error());
    }
  }
  return flood.counters().leases != 0 && !loop.interrupted ? kAllBooted : kSomeFailed;
}

MacAddress ideal_mac() {
  return {{0x02, 0x1d, 0xea, 0, 0, 1}};
}

int ceiling_command(const Options& options) {
  if (auto started = start_dpdk(2); !started) return complain(started.error());
  // A server's end first: memif listens there.
  auto responder_port = Port::open(options.responder_port);
  if (!responder_port) return complain(responder_port.error());
  auto port = Port::open(options.port);
  if (!port) return complain(port.error());
  const std::vector<std::uint8_t> bytes = ideal_file(options.ideal_bytes);
  IdealResponder responder(ideal_mac(), options.ideal_address, bytes, **responder_port);
  std::atomic<bool> done{false};
  struct Parts {
    IdealResponder& responder;
    Port& port;
    std::atomic<bool>& done;
  } parts{responder, **responder_port, done};
  rte_eal_remote_launch(
      [](void* argument) {
        auto* const of = static_cast<Parts*>(argument);
        run_ideal(of->responder, of->port, of->done);
        return 0;
      },
      &parts, 1);
  Files files;
  files.expect("ideal", Bytes{bytes});
  const int status = run_storm(options, files, **port);
  done.store(true);
  rte_eal_wait_lcore(1);
  return status;
}

int ideal_command(const Options& options) {
  std::vector<std::uint8_t> own;
  std::unique_ptr<MappedFile> mapped;
  if (options.ideal_file.empty()) {
    own = ideal_file(options.ideal_bytes);
  } else {
    auto opened = MappedFile::open(options.ideal_file);
    if (!opened) return complain("--content: " + opened.error());
    mapped = std::move(*opened);
  }
  const Bytes bytes = mapped ? mapped->bytes() : Bytes{own};
  if (auto started = start_dpdk(1); !started) return complain(started.error());
  auto port = Port::open(options.port);
  if (!port) return complain(port.error());
  IdealResponder responder(ideal_mac(), options.ideal_address, bytes, **port);
  run_ideal(responder, **port, stop_requested);
  return kAllBooted;
}

int report_command(const Options& options) {
  std::vector<nlohmann::json> results;
  for (const std::string& path : options.reports) {
    auto result = read_result(path);
    if (!result) return complain(result.error());
    results.push_back(std::move(*result));
  }
  auto written = write_text(options.html_file, html_report(results));
  return written ? kAllBooted : complain(written.error());
}

int main_of(int argc, const char* const* argv) {
  const Parsed parsed = parse_command_line(argc, argv);
  if (!parsed.options) return parsed.status;
  (void)std::signal(SIGINT, request_stop);
  (void)std::signal(SIGTERM, request_stop);
  switch (parsed.options->command) {
    case Command::run:
      return storm_command(*parsed.options);
    case Command::ceiling:
      return ceiling_command(*parsed.options);
    case Command::serve_ideal:
      return ideal_command(*parsed.options);
    case Command::disk:
      return disk_command(*parsed.options);
    case Command::image:
      return image_command(*parsed.options);
    case Command::flood:
      return flood_command(*parsed.options);
    case Command::report:
      return report_command(*parsed.options);
  }
  return kNotRun;
}

}  // namespace
}  // namespace reveille::storm

int main(int argc, char** argv) {
  try {
    return reveille::storm::main_of(argc, argv);
  } catch (const nlohmann::json::exception& error) {
    return reveille::storm::complain(
        std::string("a file with figures lacks those of a whole run: ") + error.what());
  }
}
