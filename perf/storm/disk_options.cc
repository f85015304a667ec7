#include "storm/disk_options.h"

#include <cmath>
#include <memory>

#include <CLI/CLI.hpp>

#include <reveille/config.h>

namespace reveille::storm {
namespace {

struct TypedDisk {
  std::string address = "e0.1";
  std::string order = "random";
  double seconds = 10;
  unsigned sectors = 2;
  unsigned write_percent = 0;
};

}  // namespace

std::function<void()> add_disk_options(CLI::App& app, DiskOptions& options) {
  DiskStormConfig& storm = options.storm;
  const auto typed = std::make_shared<TypedDisk>();
  app.add_option("--image", options.image, "the disk as it is before the storm, to compare with")
      ->required();
  app.add_flag(
      "--pattern", storm.pattern,
      "the image is of `reveille-storm image`: what it holds is computed, which is faster");
  app.add_option("--address", typed->address, "of the disk")->capture_default_str();
  app.add_option("-n,--machines", storm.machines, "how many machines use it")
      ->check(CLI::Range(1U, 100'000U))
      ->capture_default_str();
  app.add_option("--first-machine", storm.first_machine, "number of the first one, in its MAC");
  app.add_option("--depth", storm.depth, "requests of each machine that are out at a time")
      ->check(CLI::Range(1U, DiskStormConfig::kDepthMax))
      ->capture_default_str();
  app.add_option("--sectors", typed->sectors,
                 "of a request; the target may take fewer, and more than 2 need jumbo frames")
      ->check(CLI::Range(1U, 16U))
      ->capture_default_str();
  auto* const order = app.add_option("--order", typed->order, "sequential or random")
                          ->check(CLI::IsMember({"sequential", "random"}))
                          ->capture_default_str();
  auto* const trace =
      app.add_option("--trace", options.trace,
                     "each machine makes the reads of this file, again and again: lines of sector "
                     "and how many; # begins a comment");
  auto* const write =
      app.add_option("--write", typed->write_percent, "percent of the requests that write")
          ->check(CLI::Range(0U, 100U))
          ->capture_default_str();
  trace->excludes(order)->excludes(write);
  app.add_option("--write-sectors", storm.write_sectors,
                 "where each machine writes: so many sectors of its own, from the disk's beginning")
      ->check(CLI::Range(64U, DiskStormConfig::kWriteSectorsMax))
      ->capture_default_str();
  app.add_flag("--isolated", storm.isolated,
               "read where others write too, and find nothing of theirs");
  app.add_option("--seconds", typed->seconds, "how long is measured")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app.add_option("--seed", storm.seed, "of all that is random")->capture_default_str();
  return [&options, &storm, typed] {
    const auto address = DiskAddress::parse(typed->address);
    if (!address) throw CLI::ValidationError("--address: " + typed->address + " is not as e0.1");
    storm.shelf = address->shelf;
    storm.slot = address->slot;
    storm.order = typed->order == "sequential" ? Order::sequential : Order::random;
    if (!options.trace.empty()) storm.order = Order::trace;
    storm.sectors = static_cast<std::uint8_t>(typed->sectors);
    storm.write_percent = static_cast<std::uint8_t>(typed->write_percent);
    storm.duration = Nanoseconds{std::llround(typed->seconds * 1e9)};
  };
}

}  // namespace reveille::storm
