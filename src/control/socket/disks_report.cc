#include "control/socket/disks_report.h"

#include <nlohmann/json.hpp>

#include "control/server.h"

namespace reveille {
namespace {

std::string_view mode_text(DiskMode mode) {
  switch (mode) {
    case DiskMode::shared:
      return "shared";
    case DiskMode::exclusive:
      return "private";
    case DiskMode::read_only:
      return "read-only";
  }
  return "";
}

}  // namespace

CommandResult report_disks(Server& server, const Json& arguments) {
  if (auto known = only_arguments(arguments, {}); !known) return tl::unexpected(known.error());
  const std::vector<DiskClient> clients = server.workers().disk_clients();
  Json disks = Json::array();
  const auto served = server.disks();
  if (served == nullptr) return disks;
  for (const Disk& disk : served->all) {
    Json users = Json::array();
    for (const DiskClient& client : clients) {
      if (client.disk != disk.address) continue;
      users.push_back({{"client", client.client.text()},
                       {"reads", client.reads},
                       {"writes", client.writes},
                       {"overlay_bytes", client.overlay_bytes}});
    }
    disks.push_back({{"address", disk.address.text()},
                     {"file", disk.config().file},
                     {"mode", mode_text(disk.config().mode)},
                     {"bytes", disk.base->sectors() * 512},
                     {"in_memory", disk.base->in_memory()},
                     {"clients", std::move(users)}});
  }
  for (const UnservedDisk& disk : served->unserved) {
    disks.push_back({{"address", disk.config.address->text()},
                     {"file", disk.config.file},
                     {"mode", mode_text(disk.config.mode)},
                     {"problem", disk.problem}});
  }
  return disks;
}

}  // namespace reveille
