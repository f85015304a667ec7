#include "storm/disk_result.h"

#include <fmt/format.h>

namespace reveille::storm {
namespace {

using Json = nlohmann::json;

Json in_microseconds(const Latencies& latencies) {
  const auto microseconds = [&latencies](double share) {
    return std::chrono::duration<double, std::micro>(latencies.at(share)).count();
  };
  return {{"count", latencies.count()},
          {"p50_us", microseconds(0.5)},
          {"p99_us", microseconds(0.99)},
          {"max_us", microseconds(1)}};
}

void add_latency(std::string& table, const char* name, const Json& times) {
  if (times.at("count") == 0) return;
  table += fmt::format("  {:<10} p50 {:.0f} us, p99 {:.0f} us, worst {:.0f} us\n", name,
                       times.at("p50_us").get<double>(), times.at("p99_us").get<double>(),
                       times.at("max_us").get<double>());
}

const char* order_name(Order order) {
  if (order == Order::trace) return "trace";
  return order == Order::random ? "random" : "sequential";
}

}  // namespace

Json make_disk_result(const std::string& label, const DiskOptions& options, const DiskStorm& storm,
                      bool interrupted) {
  const DiskStormConfig& config = options.storm;
  const DiskCounters& counters = storm.counters();
  const double seconds = std::chrono::duration<double>(storm.measured()).count();
  const auto rate = [seconds](std::uint64_t count) {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
  };
  return {{"kind", "disk"},
          {"label", label.empty() ? "disk" : label},
          {"machines", config.machines},
          {"identified", storm.machines()},
          {"depth", config.depth},
          {"sectors", storm.sectors()},
          {"order", order_name(config.order)},
          {"write_percent", config.write_percent},
          {"seconds", seconds},
          {"reads", counters.reads},
          {"writes", counters.writes},
          {"replays", counters.replays},
          {"requests_per_second", rate(counters.reads + counters.writes)},
          {"mb_per_s", rate(counters.bytes) / 1e6},
          {"compared_bytes", counters.compared},
          {"repeated", counters.repeated},
          {"wrong", counters.wrong},
          {"refused", counters.refused},
          {"stray", counters.stray},
          {"silent", counters.silent},
          {"read_time", in_microseconds(storm.read_time())},
          {"write_time", in_microseconds(storm.write_time())},
          {"interrupted", interrupted}};
}

std::string disk_table(const Json& result) {
  const auto number = [&result](const char* key) { return result.at(key).get<std::uint64_t>(); };
  std::string table = fmt::format(
      "{}: {} machines, {} requests each, {} sectors, {}, {} % writes\n",
      result.at("label").get<std::string>(), number("identified"), number("depth"),
      number("sectors"), result.at("order").get<std::string>(), number("write_percent"));
  table += fmt::format("  requests   {:.0f} a second, {:.1f} MB/s, for {:.1f} s\n",
                       result.at("requests_per_second").get<double>(),
                       result.at("mb_per_s").get<double>(), result.at("seconds").get<double>());
  add_latency(table, "reads", result.at("read_time"));
  add_latency(table, "writes", result.at("write_time"));
  table += fmt::format(
      "  bytes      {} compared, {} reads wrong\n"
      "  trouble    {} refused, {} repeated, {} stray, {} machines heard nothing\n",
      number("compared_bytes"), number("wrong"), number("refused"), number("repeated"),
      number("stray"), number("silent"));
  return table;
}

bool is_good(const Json& disk_result) {
  return disk_result.at("wrong") == 0 && disk_result.at("refused") == 0 &&
         disk_result.at("silent") == 0 && disk_result.at("compared_bytes") != 0 &&
         disk_result.at("identified") == disk_result.at("machines") &&
         !disk_result.at("interrupted");
}

}  // namespace reveille::storm
