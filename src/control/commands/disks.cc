#include "control/commands/disks.h"

#include <iostream>

#include <nlohmann/json.hpp>
#include <spdlog/fmt/fmt.h>

#include "control/commands/report_fields.h"
#include "control/commands/status.h"
#include "control/config/value_text.h"
#include "control/console.h"
#include "control/log/event_text.h"
#include "control/socket/ask.h"

namespace reveille {

std::string disks_page(const Json& report) {
  std::string page;
  for (const Json& disk : report) {
    if (!disk.is_object()) continue;
    if (disk.contains("problem")) {
      page += fmt::format("{}  {}, {}, not served: {}\n", word(disk, "address"), word(disk, "file"),
                          word(disk, "mode"), word(disk, "problem"));
      continue;
    }
    const auto clients = disk.find("clients");
    const bool known = clients != disk.end() && clients->is_array();
    page += fmt::format("{}  {}, {}, {}, {} in use by {}\n", word(disk, "address"),
                        word(disk, "file"), word(disk, "mode"), amount_text(number(disk, "bytes")),
                        disk.value("in_memory", false) ? "in memory," : "from the file,",
                        known ? count_text(clients->size()) : "0");
    if (!known) continue;
    for (const Json& client : *clients) {
      if (!client.is_object()) continue;
      page += fmt::format("    {:<17}  {:>12} reads  {:>12} writes  overlay {:>8}\n",
                          word(client, "client"), count_text(number(client, "reads")),
                          count_text(number(client, "writes")),
                          amount_text(number(client, "overlay_bytes")));
    }
  }
  return page.empty() ? "no disks are served\n" : page;
}

int disks(const CommandLine& line) {
  const auto path = control_path(line.config);
  if (!path) return 1;
  const auto report = ask(*path, "disks", Json::object());
  if (!report) return failed(report.error().text);
  if (line.json) {
    std::cout << report->dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    std::cout << disks_page(*report);
  }
  return 0;
}

}  // namespace reveille
