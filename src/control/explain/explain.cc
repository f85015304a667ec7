#include "control/explain/explain.h"

#include <iostream>
#include <limits>

#include "control/config/config_check.h"
#include "control/config/machine_check.h"
#include "control/console.h"
#include "control/explain/question.h"
#include "control/hosts/host_files.h"
#include "control/replay/capture_file.h"
#include "control/replay/replay.h"

namespace reveille {
namespace {

constexpr std::size_t kRulesShown = 5;
constexpr std::size_t kUdpInIpv4 = 28;

bool is_dhcp(const Request& request) {
  return request.service == Service::dhcp || request.service == Service::boot_server;
}

// What the client in `frame`, of our own making, is offered.
std::optional<Ipv4Address> offered_in(const std::vector<std::uint8_t>& frame,
                                      const Station& station) {
  const std::size_t headers = (station.vlan == 0 ? 14 : 18) + kUdpInIpv4;
  const auto offer = wire::DhcpView::parse(Bytes{frame}.subspan(headers));
  if (!offer || offer->yiaddr().is_zero()) return std::nullopt;
  return offer->yiaddr();
}

class Printer {
 public:
  Printer(const CommandLine& line, std::string file) : line_(line), file_(std::move(file)) {}

  void print(const Explanation& explanation) {
    if (line_.json) {
      std::cout << explanation_json(explanation) << "\n";
    } else {
      std::cout << (printed_ > 0 ? "\n----\n\n" : "") << explanation_text(explanation, file_);
    }
    ++printed_;
  }
  [[nodiscard]] std::size_t printed() const { return printed_; }

 private:
  const CommandLine& line_;
  std::string file_;
  std::size_t printed_ = 0;
};

// One client that the command line describes.
tl::expected<void, std::string> explain_words(const CommandLine& line, Rehearsal& rehearsal,
                                              const Origins& origins, std::size_t rules_max,
                                              Printer& printer) {
  auto question = compose(line.client);
  if (!question) return tl::unexpected(question.error());
  const Stations& stations = rehearsal.snapshot().stations;
  auto request = request_of(*question, stations);
  if (!request) return tl::unexpected(request.error());
  constexpr Instant kNow = Instant{} + 1s;
  if (line.client.message == "request") {
    // It asks for what it is offered.
    const Station& station = stations[request->station];
    const Rehearsal::Answer offer = rehearsal.answer(*request, kNow);
    const auto address =
        offer.frames.empty() ? std::nullopt : offered_in(offer.frames.front(), station);
    if (!address) {
      return tl::unexpected(
          "there is no offer to ask for: " + std::string(info(offer.outcome).text) +
          "; leave out --message to see why");
    }
    question = compose_request(line.client, *address, station.address.address);
    if (!question) return tl::unexpected(question.error());
    request = request_of(*question, stations);
  }
  printer.print(explain(rehearsal, *request, kNow, origins, rules_max));
  return {};
}

tl::expected<void, std::string> explain_frames(const CommandLine& line, Rehearsal& rehearsal,
                                               const Origins& origins, std::size_t rules_max,
                                               Printer& printer) {
  std::optional<MacAddress> only;
  if (line.client.mac) {
    only = MacAddress::parse(*line.client.mac);
    if (!only) return tl::unexpected("--mac: " + in_quotes(*line.client.mac) + " is no address");
  }
  auto read = explain_capture(rehearsal, line.capture, origins, rules_max,
                              [&](const Explanation& explanation) {
                                if (only && explanation.client != only->text()) return;
                                printer.print(explanation);
                              });
  if (!read) return read;
  if (printer.printed() == 0) {
    return tl::unexpected(line.capture + " holds no DHCP message to us" +
                          (only ? " from " + only->text() : ""));
  }
  return {};
}

}  // namespace

ParsedConfig configure_explain(const CommandLine& line,
                               const std::optional<CaptureServer>& server) {
  // Never opened: explain has no ports.
  const std::string device = "net_null0";
  if (!line.capture.empty() || line.config.config_file.empty()) {
    return configure_replay(line.config, server, device);
  }
  ParsedConfig parsed = begin_config(line.config);
  if (!parsed.readable) return parsed;
  read_host_files(parsed);
  if (parsed.config.interfaces.empty() && !parsed.origins.has("interface")) {
    return configure_replay(line.config, server, device);
  }
  // All interfaces count: the client may be on any.
  apply_arguments(line.config, parsed);
  parsed.config.leases.database = LeasesConfig::kInMemory;
  parsed.origins.set("images.root", parsed.origins.of("images.root"));
  check_config(parsed.config, parsed.origins, parsed.problems);
  if (!parsed.problems.any_error()) {
    check_machine(parsed.config, parsed.origins, Purpose::replay, parsed.problems);
  }
  return parsed;
}

std::vector<Station> stations_of(const Config& config, const std::optional<CaptureServer>& server) {
  std::vector<Station> stations;
  for (std::size_t i = 0; i < config.interfaces.size(); ++i) {
    const InterfaceConfig& interface = config.interfaces[i];
    Station station;
    station.port = static_cast<std::uint16_t>(i);
    station.partial_checksums = true;
    if (interface.address) {
      station.address = *interface.address;
      stations.push_back(station);
    }
    for (const VlanConfig& vlan : interface.vlans) {
      station.vlan = vlan.id;
      station.address = vlan.address;
      stations.push_back(station);
    }
  }
  take_place_of(server, stations);
  return stations;
}

tl::expected<void, std::string> explain_capture(
    Rehearsal& rehearsal, const std::string& file, const Origins& origins, std::size_t rules_max,
    const std::function<void(const Explanation&)>& tell) {
  return for_each_frame(file, [&](Bytes frame, Instant captured) {
    const auto request = rehearsal.read(frame);
    if (!request || !is_dhcp(*request)) return;
    tell(explain(rehearsal, *request, captured, origins, rules_max));
  });
}

int explain(const CommandLine& line) {
  std::optional<CaptureServer> server;
  if (!line.capture.empty()) {
    auto found = find_capture_server(line.capture);
    if (!found) return failed(found.error());
    server = *found;
  } else if (auto question = compose(line.client); !question) {
    return failed(question.error());
  }
  ParsedConfig parsed = configure_explain(line, server);
  if (!usable(parsed.problems)) return 1;
  parsed.config.workers.count = 1;
  std::vector<Station> stations = stations_of(parsed.config, server);
  if (stations.empty()) return failed("the configuration has no address of ours");
  const auto config = std::make_shared<const Config>(std::move(parsed.config));
  auto rehearsal = Rehearsal::start(config, std::move(stations));
  if (!rehearsal) return failed(rehearsal.error());

  Printer printer(line, parsed.problems.file());
  const std::size_t rules_max =
      line.all_rules ? std::numeric_limits<std::size_t>::max() : kRulesShown;
  const auto explained =
      line.capture.empty() ? explain_words(line, **rehearsal, parsed.origins, rules_max, printer)
                           : explain_frames(line, **rehearsal, parsed.origins, rules_max, printer);
  return explained ? 0 : failed(explained.error());
}

}  // namespace reveille
