#include "storm/flood_result.h"

#include <fmt/format.h>

namespace reveille::storm {

nlohmann::json make_flood_result(const std::string& label, const FloodConfig& config,
                                 const Flood& flood, bool interrupted) {
  const FloodCounters& counters = flood.counters();
  const double seconds = std::chrono::duration<double>(config.duration).count();
  const auto rate = [seconds](std::uint64_t count) { return static_cast<double>(count) / seconds; };
  const auto milliseconds = [&flood](double share) {
    return std::chrono::duration<double, std::milli>(flood.lease_time().at(share)).count();
  };
  return {{"kind", "flood"},
          {"label", label.empty() ? "flood" : label},
          {"asked_per_s", config.rate},
          {"offered_per_s", rate(counters.discovers)},
          {"dropped", counters.dropped},
          {"dora_per_s", rate(counters.leases)},
          {"offers", counters.offers},
          {"leases", counters.leases},
          {"after", counters.after},
          {"late", counters.late},
          {"p50_ms", milliseconds(0.5)},
          {"p99_ms", milliseconds(0.99)},
          {"seconds", seconds},
          {"interrupted", interrupted}};
}

std::string flood_table(const nlohmann::json& result) {
  const auto number = [&result](const char* key) { return result.at(key).get<double>(); };
  return fmt::format(
      "{}: {:.0f} new machines a second, {:.0f} of them with a lease in time\n"
      "  asked for  {:.0f} a second for {:.1f} s; {:.0f} frames had no room in the port\n"
      "  leases     {:.0f}, of {:.0f} offers; p50 {:.2f} ms, p99 {:.2f} ms\n"
      "  too late   {:.0f} answers; {:.0f} leases when no more machines came\n",
      result.at("label").get<std::string>(), number("offered_per_s"), number("dora_per_s"),
      number("asked_per_s"), number("seconds"), number("dropped"), number("leases"),
      number("offers"), number("p50_ms"), number("p99_ms"), number("late"), number("after"));
}

}  // namespace reveille::storm
