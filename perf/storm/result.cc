#include "storm/result.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace reveille::storm {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kCurvePoints = 400;

double milliseconds(Nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}
double in_seconds(Nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

double at_share(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(last * share)];
}

Json in_milliseconds(const Latencies& latencies) {
  return {{"count", latencies.count()},
          {"p50_ms", milliseconds(latencies.at(0.5))},
          {"p99_ms", milliseconds(latencies.at(0.99))},
          {"p999_ms", milliseconds(latencies.at(0.999))},
          {"max_ms", milliseconds(latencies.at(1))}};
}

Json sent(const Sent& requests) {
  return {{"sent", requests.all}, {"repeated", requests.repeated}};
}

// Samples that a plot can show: never more than kCurvePoints.
Json series(const std::vector<Sample>& samples) {
  Json points = Json::array();
  const std::size_t step = samples.size() / kCurvePoints + 1;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i % step != 0 && i + 1 != samples.size()) continue;
    const Sample& sample = samples[i];
    points.push_back({sample.seconds, sample.booted, sample.failed, sample.leases, sample.bytes});
  }
  return points;
}

// Time to boot at evenly spaced shares of the machines.
Json boot_curve(const std::vector<float>& sorted) {
  Json curve = Json::array();
  for (std::size_t i = 0; i <= 100 && !sorted.empty(); ++i) {
    curve.push_back(at_share(sorted, static_cast<double>(i) / 100));
  }
  return curve;
}

// Until the last machine booted or failed: the end of a run may be a wait for nothing.
double active_seconds(const std::vector<Sample>& samples) {
  if (samples.empty()) return 0;
  const Sample& last = samples.back();
  for (const Sample& sample : samples) {
    if (sample.booted == last.booted && sample.bytes == last.bytes &&
        sample.leases == last.leases) {
      return sample.seconds;
    }
  }
  return last.seconds;
}

}  // namespace

Json make_result(const Options& options, Swarm& swarm, const Port& port, const LoopFigures& loop) {
  const Statistics& statistics = swarm.statistics();
  const Counters& counters = statistics.counters;
  const std::vector<float> boots = swarm.boot_seconds();
  Json failures = Json::object();
  for (std::size_t i = 1; i < kFailureCount; ++i) {
    if (counters.failed[i] != 0) failures[std::string(kFailures[i].name)] = counters.failed[i];
  }
  const double active = active_seconds(statistics.samples);
  const auto per_second = [active](std::uint64_t count) {
    return active > 0 ? static_cast<double>(count) / active : 0.0;
  };
  Json profiles_used = Json::array();
  for (const ProfileShare& share : options.storm.shares) {
    profiles_used.push_back(std::string(profiles()[share.profile].name) + ":" +
                            std::to_string(share.weight));
  }
  const ImpairmentConfig& bad = options.port.impairment;
  return {
      {"schema", kResultSchema},
      {"label", options.label.empty() ? "server" : options.label},
      {"machines", options.storm.machines},
      {"profiles", profiles_used},
      {"relays", options.storm.relays},
      {"driver", port.driver()},
      {"impairment",
       {{"loss", bad.loss},
        {"duplicate", bad.duplicate},
        {"reorder", bad.reorder},
        {"delay_ms", milliseconds(bad.delay)}}},
      {"elapsed_s", in_seconds(loop.elapsed)},
      {"active_s", active},
      {"silent_s", in_seconds(loop.silent)},
      {"link_up", port.link_is_up()},
      {"interrupted", loop.interrupted},
      {"powered_on", counters.powered_on},
      {"booted", counters.booted},
      {"failed", counters.failed_all()},
      {"failures", failures},
      {"first_error", swarm.first_error()},
      {"boot_s",
       {{"p50", at_share(boots, 0.5)},
        {"p99", at_share(boots, 0.99)},
        {"last", at_share(boots, 1)}}},
      {"dora", counters.leases},
      {"dora_per_s", per_second(counters.leases)},
      {"naks", counters.naks},
      {"files", counters.files},
      {"blocks", counters.blocks},
      {"blocks_per_s", per_second(counters.blocks)},
      {"bytes", counters.bytes},
      {"bytes_unverified", counters.unverified},
      {"mb_per_s", per_second(counters.bytes) / 1e6},
      {"latency",
       {{"lease", in_milliseconds(statistics.lease_time)},
        {"dhcp_reply", in_milliseconds(statistics.reply_time)},
        {"block", in_milliseconds(statistics.block_time)}}},
      {"requests",
       {{"discover", sent(counters.discovers)},
        {"request", sent(counters.requests)},
        {"boot_server", sent(counters.boot_server_requests)},
        {"arp", sent(counters.arps)},
        {"read_request", sent(counters.read_requests)},
        {"ack", sent(counters.acks)}}},
      {"retransmissions", counters.repeats()},
      {"repeated_blocks", counters.repeated_blocks},
      {"answered_twice", counters.answered_twice},
      {"frames",
       {{"sent", port.sent()},
        {"received", port.received()},
        {"not_sent", port.not_sent()},
        {"lost_on_purpose", port.incoming().lost() + port.outgoing().lost()},
        {"foreign", counters.foreign},
        {"not_ours", counters.not_ours},
        {"malformed", counters.malformed},
        {"bad_checksum", counters.bad_checksum}}},
      {"longest_turn_ms", milliseconds(loop.longest_turn)},
      {"series", series(statistics.samples)},
      {"boot_curve_s", boot_curve(boots)},
  };
}

tl::expected<void, std::string> write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return tl::unexpected(path + ": cannot be written: " + std::strerror(errno));
  return {};
}

tl::expected<Json, std::string> read_result(const std::string& path) {
  std::ifstream file(path);
  if (!file) return tl::unexpected(path + ": " + std::strerror(errno));
  const Json result = Json::parse(file, nullptr, false);
  if (!result.is_object() || result.value("schema", 0) != kResultSchema) {
    return tl::unexpected(path + ": holds no figures of reveille-storm");
  }
  return result;
}

}  // namespace reveille::storm
