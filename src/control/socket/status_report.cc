#include "control/socket/status_report.h"

#include <algorithm>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "control/server.h"
#include "dhcp/subnets.h"

namespace reveille {
namespace {

double seconds(Nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

Json outcomes_of(const OutcomeCounts& counts) {
  Json all = Json::object();
  for (std::size_t i = 0; i < kOutcomeCount; ++i) {
    if (const std::uint64_t frames = counts[static_cast<Outcome>(i)]; frames > 0) {
      all[std::string(kOutcomes[i].name)] = frames;
    }
  }
  return all;
}

Json worker_of(const WorkerStatistics& worker, Nanoseconds uptime) {
  return {{"frames_received", worker.frames_received},
          {"frames_steered", worker.frames_steered},
          {"frames_sent", worker.frames_sent},
          {"frames_unsent", worker.frames_unsent},
          {"payloads_gathered", worker.payloads_gathered},
          {"payloads_copied", worker.payloads_copied},
          {"events_lost", worker.events_lost},
          {"transfers", worker.transfers},
          {"half_open", worker.half_open},
          {"busy", uptime > 0ns ? seconds(worker.working) / seconds(uptime) : 0.0},
          {"longest_gap_seconds", seconds(worker.longest_gap)},
          {"outcomes", outcomes_of(worker.outcomes)}};
}

Json ports_of(const Server& server, const Statistics& statistics) {
  const Workers& workers = server.workers();
  Json all = Json::array();
  for (std::size_t i = 0; i < workers.ports().size(); ++i) {
    const PortReport& port = workers.ports()[i];
    const PortStatistics& counted = statistics.ports[i];
    all.push_back({{"name", port.name},
                   {"driver", port.driver},
                   {"mac", port.mac.text()},
                   {"mtu", port.mtu},
                   {"link", server.interfaces().state_of(port.name)},
                   {"queues", port.receive_queues},
                   {"missed", counted.missed},
                   {"no_buffer", counted.no_buffer},
                   {"receive_errors", counted.receive_errors},
                   {"transmit_errors", counted.transmit_errors}});
  }
  return all;
}

Json counts_of(Json row, const GroupStatistics& group) {
  row["addresses"] = group.addresses;
  row["free"] = group.free();
  row["offered"] = group.offered;
  row["bound"] = group.bound;
  row["declined"] = group.declined;
  return row;
}

// What everybody may have in each subnet, and what is there of each [[pool]].
void add_addresses(const Server& server, const std::vector<GroupStatistics>& counted, Json& to) {
  const Config& config = server.config();
  const std::vector<AddressGroup>& groups = server.subnets().groups();
  Json subnets = Json::array();
  Json pools = Json::array();
  for (std::size_t i = 0; i < std::min(counted.size(), groups.size()); ++i) {
    const bool is_held = counted[i].offered + counted[i].bound + counted[i].declined > 0;
    // A reload has taken it away; its leases last until they end.
    if (groups[i].pool != kNoPool && groups[i].ranges.empty() && !is_held) continue;
    const std::string prefix = config.subnets[groups[i].subnet].prefix.text();
    if (groups[i].pool == kNoPool) {
      subnets.push_back(counts_of({{"prefix", prefix}}, counted[i]));
    } else {
      const std::string& name = config.pools[groups[i].pool].name;
      pools.push_back(counts_of({{"name", name}, {"prefix", prefix}}, counted[i]));
    }
  }
  to["subnets"] = std::move(subnets);
  to["pools"] = std::move(pools);
}

Json images_of(const Server& server) {
  const ImageStock stock = server.images();
  return {{"folder", server.config().images.root},
          {"count", stock.images},
          {"bytes", stock.image_bytes},
          {"mapped_bytes", stock.mapped_bytes},
          {"memory_bytes", stock.memory.total()}};
}

}  // namespace

CommandResult report_status(Server& server, const Json& arguments) {
  if (auto good = only_arguments(arguments, {}); !good) return tl::unexpected(good.error());
  const Statistics statistics = server.workers().statistics();
  const WorkerStatistics sum = statistics.sum();
  const Nanoseconds uptime = server.uptime();
  Json workers = Json::array();
  for (const WorkerStatistics& worker : statistics.workers) {
    workers.push_back(worker_of(worker, uptime));
  }
  Json report{{"version", REVEILLE_VERSION},
              {"process", getpid()},
              {"uptime_seconds", static_cast<std::uint64_t>(seconds(uptime))},
              {"serving", server.status()},
              {"images", images_of(server)},
              {"ports", ports_of(server, statistics)},
              {"workers", std::move(workers)},
              {"transfers", {{"open", sum.transfers}, {"half_open", sum.half_open}}}};
  add_addresses(server, statistics.groups, report);
  report["outcomes"] = outcomes_of(sum.outcomes);
  return report;
}

}  // namespace reveille
