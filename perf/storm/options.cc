#include "storm/options.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <sstream>

#include <CLI/CLI.hpp>

#include "storm/profile.h"

namespace reveille::storm {
namespace {

// The command line as it is typed.
struct Typed {
  std::string profiles = "ipxe";
  std::string only;
  std::string server;
  std::string first_address;
  std::string first_relay;
  std::string ideal_address = "10.77.0.1";
  double rate = 0;
  double within_s = 0;
  double ramp_s = 0;
  double duration_s = 0;
  double timeout_s = 120;
  double flood_s = 5;
  double patience_s = 1;
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;
  double delay_ms = 0;
  unsigned block_size = 0;
  unsigned window_size = 0;
};

Nanoseconds seconds(double value) {
  return Nanoseconds{std::llround(value * 1e9)};
}

void require(bool condition, const std::string& what) {
  if (!condition) throw CLI::ValidationError(what);
}

Ipv4Address address(const std::string& option, const std::string& text) {
  const auto parsed = Ipv4Address::parse(text);
  require(parsed.has_value(), option + ": " + text + " is no IPv4 address");
  return *parsed;
}

// ipxe:60,edk2:40
std::vector<ProfileShare> shares_in(const std::string& text) {
  std::vector<ProfileShare> shares;
  std::istringstream parts{text};
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t colon = part.find(':');
    const std::string name = part.substr(0, colon);
    const auto profile = profile_named(name);
    std::string names;
    for (const Profile& each : profiles()) names.append(" ").append(each.name);
    std::string complaint = "--profile: no profile ";
    complaint.append(name).append("; there are").append(names);
    require(profile.has_value(), complaint);
    ProfileShare share{*profile, 1};
    if (colon != std::string::npos) {
      const char* const end = part.data() + part.size();
      const auto [last, error] = std::from_chars(part.data() + colon + 1, end, share.weight);
      require(error == std::errc{} && last == end && share.weight >= 1 && share.weight <= 1000,
              "--profile: the share in " + part + " is not in 1 to 1000");
    }
    shares.push_back(share);
  }
  require(!shares.empty(), "--profile: empty");
  return shares;
}

void add_port(CLI::App& app, PortConfig& port, const std::string& prefix, const char* whose) {
  auto* interface = app.add_option("--" + prefix + "interface", port.interface,
                                   std::string("kernel interface of ") + whose + " (af_packet)");
  app.add_option("--" + prefix + "vdev", port.vdev,
                 std::string("or a DPDK virtual device, with its arguments"))
      ->excludes(interface);
}

void add_storm(CLI::App& app, Options& options, Typed& typed) {
  StormConfig& storm = options.storm;
  const auto share = CLI::Range(0.0, 100.0);
  app.add_option("-n,--machines", storm.machines, "how many machines boot")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  app.add_option("--first-machine", storm.first_machine, "number of the first one, in its MAC");
  app.add_option("--profile", typed.profiles, "firmware, with shares: ipxe:60,edk2:40")
      ->capture_default_str();
  auto* rate = app.add_option("--rate", typed.rate, "machines switched on a second");
  auto* within = app.add_option("--within", typed.within_s, "all on within so many seconds");
  auto* ramp = app.add_option("--ramp", typed.ramp_s, "ever faster, over so many seconds");
  auto* closed = app.add_option("--outstanding", storm.arrival.outstanding,
                                "so many at a time: the next when one has finished");
  rate->excludes(within)->excludes(ramp)->excludes(closed);
  within->excludes(ramp)->excludes(closed);
  ramp->excludes(closed);
  app.add_option("--duration", typed.duration_s,
                 "boot again and again, for so many seconds (with --outstanding or --rate)");
  app.add_option("--timeout", typed.timeout_s,
                 "who has not booted after so many seconds has failed")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  app.add_option("--only", typed.only, "measure one part: dhcp or tftp")
      ->check(CLI::IsMember({"dhcp", "tftp"}));
  app.add_option("--file", storm.file, "ask for this file, whatever DHCP names");
  app.add_option("--then", storm.then, "and then for these");
  app.add_option("--root", options.root, "what the server serves, to compare with");
  app.add_option("--expect", options.expected, "FILE=PATH: FILE is to have the bytes of PATH");
  app.add_option("--server", typed.server, "the server, for --relays and --only tftp");
  app.add_option("--first-address", typed.first_address, "of the machines, for --only tftp");
  app.add_option("--relays", storm.relays, "relays, each of which forwards a copy")
      ->check(CLI::Range(0U, 16U));
  app.add_option("--first-relay", typed.first_relay, "address of the first relay");
  app.add_option("--loss", typed.loss, "percent of frames lost, each way")->check(share);
  app.add_option("--duplicate", typed.duplicate, "percent doubled")->check(share);
  app.add_option("--reorder", typed.reorder, "percent held until others have overtaken them")
      ->check(share);
  app.add_option("--delay", typed.delay_ms, "milliseconds each way")
      ->check(CLI::Range(0.0, 1000.0));
  app.add_option("--blksize", typed.block_size, "instead of the firmware's")
      ->check(CLI::Range(8U, 1468U));
  app.add_option("--windowsize", typed.window_size, "instead of the firmware's")
      ->check(CLI::Range(1U, 64U));
  app.add_option("--seed", storm.seed, "of all that is random")->capture_default_str();
  app.add_option("--label", options.label, "name of this server in tables and plots");
  app.add_option("--json", options.json_file, "write all figures here");
  app.add_option("--html", options.html_file, "write the report here");
  app.add_option("--ceiling", options.ceiling_json,
                 "figures of a ceiling run, to be shown beside these");
  app.add_flag("--quiet", options.quiet, "no progress, only the table");
}

// What is typed in seconds stays in `typed` until all is parsed.
void add_flood(CLI::App& app, Options& options, Typed& typed) {
  app.add_option("--rate", options.flood.rate, "new machines a second")
      ->check(CLI::Range(1.0, 1e8))
      ->capture_default_str();
  app.add_option("--seconds", typed.flood_s, "how long they come")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app.add_option("--patience", typed.patience_s,
                 "who has no lease after so many seconds does not count")
      ->check(CLI::Range(0.001, 60.0))
      ->capture_default_str();
  app.add_option("--first-machine", options.flood.first_machine,
                 "number of the first one, in its MAC");
  app.add_option("--label", options.label, "name of this server in tables");
  app.add_option("--json", options.json_file, "write all figures here");
}

void finish_storm(Options& options, const Typed& typed) {
  StormConfig& storm = options.storm;
  storm.shares = shares_in(typed.profiles);
  if (typed.only == "dhcp") storm.only = Only::dhcp;
  if (typed.only == "tftp") storm.only = Only::tftp;
  if (!typed.server.empty()) storm.server = address("--server", typed.server);
  if (!typed.first_address.empty()) {
    storm.first_address = address("--first-address", typed.first_address);
  }
  if (!typed.first_relay.empty()) storm.first_relay = address("--first-relay", typed.first_relay);
  storm.timeout = seconds(typed.timeout_s);
  Arrival& arrival = storm.arrival;
  if (typed.rate > 0) arrival = {Arrival::Kind::steady, seconds(storm.machines / typed.rate), 0};
  if (typed.within_s > 0) arrival = {Arrival::Kind::steady, seconds(typed.within_s), 0};
  if (typed.ramp_s > 0) arrival = {Arrival::Kind::ramp, seconds(typed.ramp_s), 0};
  if (arrival.outstanding > 0) arrival.kind = Arrival::Kind::closed;
  if (typed.duration_s > 0) {
    require(arrival.kind == Arrival::Kind::closed || typed.rate > 0,
            "--duration: needs --outstanding or --rate");
    storm.duration = seconds(typed.duration_s);
  }
  if (typed.block_size != 0) storm.block_size = static_cast<std::uint16_t>(typed.block_size);
  if (typed.window_size != 0) storm.window_size = static_cast<std::uint16_t>(typed.window_size);
  storm.unix_time =
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count());
  options.port.seed = storm.seed;
  options.port.impairment = {.loss = typed.loss / 100,
                             .duplicate = typed.duplicate / 100,
                             .reorder = typed.reorder / 100,
                             .delay = seconds(typed.delay_ms / 1000)};
  const bool any_port = !options.port.interface.empty() || !options.port.vdev.empty();
  require(any_port, "--interface or --vdev: one of them is needed");
  require(storm.only != Only::tftp || !storm.server.is_zero(), "--only tftp: needs --server");
  require(storm.only != Only::tftp || !storm.first_address.is_zero(),
          "--only tftp: needs --first-address");
  require(storm.only != Only::tftp || !storm.file.empty(), "--only tftp: needs --file");
  require(storm.relays == 0 || !storm.server.is_zero(), "--relays: needs --server");
  require(storm.relays == 0 || !storm.first_relay.is_zero(), "--relays: needs --first-relay");
}

}  // namespace

Parsed parse_command_line(int argc, const char* const* argv) {
  CLI::App app{
      "Boots many simulated machines against a network boot server and says how it went.\n"
      "Exit status: 0 all booted, 1 some did not, 2 the storm could not be run."};
  app.require_subcommand(0, 1);
  Options options;
  Typed typed;
  add_port(app, options.port, "", "the machines");
  add_storm(app, options, typed);

  auto* ceiling = app.add_subcommand("ceiling", "the same against an ideal server in this process");
  ceiling->fallthrough();
  add_port(*ceiling, options.responder_port, "responder-", "the ideal server");
  auto* ideal = app.add_subcommand("ideal", "be the ideal server, for a swarm elsewhere");
  ideal->fallthrough();
  ideal->add_option("--content", options.ideal_file,
                    "the file that it serves under every name, instead of one of its own");
  for (CLI::App* each : {ceiling, ideal}) {
    each->add_option("--responder-address", typed.ideal_address, "of the ideal server")
        ->capture_default_str();
    each->add_option("--bytes", options.ideal_bytes, "of the one file that it serves")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{33} << 20))
        ->capture_default_str();
  }
  auto* disk = app.add_subcommand("disk", "machines that use a disk by ATA over Ethernet");
  add_port(*disk, options.port, "", "the machines");
  disk->add_option("--label", options.label, "name of this target in tables");
  disk->add_option("--json", options.json_file, "write all figures here");
  const auto take_disk = add_disk_options(*disk, options.disk);
  auto* image = app.add_subcommand("image", "write a disk image for `disk --pattern`");
  image->add_option("file", options.image_file, "which is replaced")->required();
  image->add_option("--mebibytes", options.image_mebibytes, "its size")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 20))
      ->capture_default_str();
  auto* flood = app.add_subcommand(
      "flood", "new machines at a rate that no server can take, each of which asks once");
  add_port(*flood, options.port, "", "the machines");
  add_flood(*flood, options, typed);
  auto* report = app.add_subcommand("report", "one report of several runs");
  report->add_option("json", options.reports, "figures of each run")->required();
  report->add_option("--html", options.html_file, "write the report here")->required();

  try {
    app.parse(argc, argv);
    if (image->parsed()) {
      options.command = Command::image;
      return {options, 0};
    }
    if (report->parsed()) {
      options.command = Command::report;
      return {options, 0};
    }
    const bool has_port = !options.port.interface.empty() || !options.port.vdev.empty();
    if (disk->parsed()) {
      require(has_port, "disk: --interface or --vdev: one of them is needed");
      take_disk();
      options.port.jumbo = options.disk.storm.sectors > 2;
      options.command = Command::disk;
      return {options, 0};
    }
    if (flood->parsed()) {
      require(has_port, "flood: --interface or --vdev: one of them is needed");
      options.flood.duration = seconds(typed.flood_s);
      options.flood.patience = seconds(typed.patience_s);
      require(options.flood.rate * typed.flood_s <= kFloodMachinesMax,
              "flood: more than a thousand million machines");
      options.command = Command::flood;
      return {options, 0};
    }
    if (ideal->parsed()) options.command = Command::serve_ideal;
    if (ceiling->parsed()) {
      options.command = Command::ceiling;
      require(!options.responder_port.interface.empty() || !options.responder_port.vdev.empty(),
              "--responder-interface or --responder-vdev: one of them is needed");
      if (options.storm.file.empty()) options.storm.file = "ideal";
      if (typed.only == "tftp" && typed.server.empty()) {
        typed.server = typed.ideal_address;
      }
    }
    options.ideal_address = address("--responder-address", typed.ideal_address);
    finish_storm(options, typed);
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, app.exit(error) == 0 ? 0 : 2};
  }
  return {options, 0};
}

}  // namespace reveille::storm
