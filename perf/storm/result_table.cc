#include <fmt/format.h>

#include "storm/machine.h"
#include "storm/report.h"

namespace reveille::storm {
namespace {

using Json = nlohmann::json;

constexpr double kBillion = 1e9;
constexpr double kSilence = 1;  // seconds that are worth a word

std::string count(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ' ');
  return digits;
}

std::string time_of(double seconds) {
  if (seconds >= 1) return fmt::format("{:.2f} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.1f} us", seconds * 1e6);
}

void row(std::string& table, const std::string& name, const std::string& value) {
  table += fmt::format("  {:<22} {}\n", name, value);
}

std::string_view text_of(const std::string& failure) {
  for (const FailureInfo& info : kFailures) {
    if (info.name == failure) return info.text;
  }
  return failure;
}

// "; the swarm's ceiling 812 (31 %)"
std::string beside(const Json& ceiling, const char* field, double value, const char* format) {
  const double most = ceiling.is_object() ? ceiling.value(field, 0.0) : 0.0;
  if (most <= 0) return "";
  return fmt::format("   (ceiling of the swarm {}, {:.0f} %)",
                     fmt::format(fmt::runtime(format), most), 100 * value / most);
}

void add_latency(std::string& table, const char* name, const Json& latency) {
  if (latency.at("count") == 0) return;
  row(table, name,
      fmt::format("p50 {}, p99 {}, p99.9 {}, worst {}",
                  time_of(latency.at("p50_ms").get<double>() / 1e3),
                  time_of(latency.at("p99_ms").get<double>() / 1e3),
                  time_of(latency.at("p999_ms").get<double>() / 1e3),
                  time_of(latency.at("max_ms").get<double>() / 1e3)));
}

// Machines that neither booted nor failed: those of a run with an end in time.
std::uint64_t in_the_middle(const Json& result) {
  const std::uint64_t over =
      result.at("booted").get<std::uint64_t>() + result.at("failed").get<std::uint64_t>();
  const auto on = result.at("powered_on").get<std::uint64_t>();
  return on > over ? on - over : 0;
}

}  // namespace

bool server_left(const Json& result) {
  return in_the_middle(result) > 0 && !result.at("link_up");
}

std::string result_table(const Json& result, const Json& ceiling) {
  std::string table = fmt::format("{}\n", result.at("label").get<std::string>());
  const auto booted = result.at("booted").get<std::uint64_t>();
  const auto on = result.at("powered_on").get<std::uint64_t>();
  row(table, "booted",
      fmt::format("{} of {}", count(booted),
                  count(std::max(on, result.at("machines").get<std::uint64_t>()))));
  row(table, "failed", count(result.at("failed").get<std::uint64_t>()));
  if (server_left(result)) {
    row(table, "", "the server left, and the other end of the port with it");
  }
  if (in_the_middle(result) > 0 && result.at("silent_s") >= kSilence) {
    row(table, "",
        fmt::format("nothing came in the last {}, while {} machines waited",
                    time_of(result.at("silent_s")), count(in_the_middle(result))));
  }
  for (const auto& [name, machines] : result.at("failures").items()) {
    row(table, "", fmt::format("{}: {}", count(machines.get<std::uint64_t>()), text_of(name)));
  }
  const auto error = result.at("first_error").get<std::string>();
  if (!error.empty()) row(table, "first TFTP error", error);
  if (booted > 0) {
    const Json& boot = result.at("boot_s");
    row(table, "time to boot",
        fmt::format("p50 {}, p99 {}, last {}", time_of(boot.at("p50")), time_of(boot.at("p99")),
                    time_of(boot.at("last"))));
  }
  const double dora = result.at("dora_per_s");
  if (dora > 0) {
    row(table, "DORA",
        fmt::format("{}, {:.0f}/s{}", count(result.at("dora").get<std::uint64_t>()), dora,
                    beside(ceiling, "dora_per_s", dora, "{:.0f}/s")));
    add_latency(table, "DISCOVER to ACK", result.at("latency").at("lease"));
    add_latency(table, "REQUEST to ACK", result.at("latency").at("dhcp_reply"));
  }
  const double rate = result.at("mb_per_s");
  if (rate > 0) {
    row(table, "TFTP",
        fmt::format("{:.2f} GB, {:.1f} MB/s, {:.0f} blocks/s{}",
                    result.at("bytes").get<double>() / kBillion, rate,
                    result.at("blocks_per_s").get<double>(),
                    beside(ceiling, "mb_per_s", rate, "{:.1f} MB/s")));
    add_latency(table, "ACK to DATA", result.at("latency").at("block"));
    const auto unverified = result.at("bytes_unverified").get<std::uint64_t>();
    row(table, "bytes verified",
        unverified == 0 ? "all"
                        : count(result.at("bytes").get<std::uint64_t>() - unverified) + " of " +
                              count(result.at("bytes").get<std::uint64_t>()) +
                              " (--root or --expect name the others)");
  }
  row(table, "retransmissions", count(result.at("retransmissions").get<std::uint64_t>()));
  row(table, "copies answered twice", count(result.at("answered_twice").get<std::uint64_t>()));
  const Json& frames = result.at("frames");
  row(table, "frames",
      fmt::format("{} sent, {} received, {} not sent, {} lost on purpose", count(frames.at("sent")),
                  count(frames.at("received")), count(frames.at("not_sent")),
                  count(frames.at("lost_on_purpose"))));
  row(table, "elapsed", time_of(result.at("elapsed_s")));
  return table;
}

}  // namespace reveille::storm
