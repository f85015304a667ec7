#include <fmt/format.h>

#include "storm/plot.h"
#include "storm/report.h"

namespace reveille::storm {
namespace {

using Json = nlohmann::json;

// Columns of a result's series.
enum Column : std::size_t { kSeconds, kBooted, kFailed, kLeases, kOctets };

constexpr std::string_view kStyle = R"(
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1b1b; max-width: 780px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; margin-bottom: 0.2em; }
p { color: #555; margin-top: 0; }
table { border-collapse: collapse; width: 100%; margin: 1.2em 0; font-variant-numeric: tabular-nums; }
th, td { padding: 0.35em 0.6em; border-bottom: 1px solid #ddd; text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; }
.key { display: inline-block; width: 1.6em; height: 0.28em; margin-right: 0.5em; vertical-align: middle; }
.bad { color: #b00020; }
svg { width: 100%; height: auto; margin: 0.6em 0; }
.title { font-size: 15px; font-weight: 600; }
.axis, .tick { font-size: 12px; fill: #555; }
.grid { stroke: #e4e4e4; }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
)";

std::string seconds_text(double seconds) {
  return seconds >= 1 ? fmt::format("{:.2f} s", seconds) : fmt::format("{:.1f} ms", seconds * 1e3);
}

std::string table(const std::vector<Json>& results) {
  std::string text =
      "<table><tr><th>server</th><th>booted</th><th>failed</th><th>p50</th><th>p99</th>"
      "<th>last</th><th>DORA/s</th><th>MB/s</th><th>retrans&shy;missions</th></tr>\n";
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Json& result = results[i];
    const Json& boot = result.at("boot_s");
    const auto failed = result.at("failed").get<std::uint64_t>();
    const auto when = [&](const char* name) {
      return result.at("booted") == 0 ? "-" : seconds_text(boot.at(name));
    };
    text += fmt::format(
        R"(<tr><td><span class="key" style="background:{}"></span>{}</td><td>{} of {}</td>)"
        R"(<td{}>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.0f}</td><td>{:.1f}</td><td>{}</td></tr>)"
        "\n",
        line_colour(i), escape_html(result.at("label")), result.at("booted").get<std::uint64_t>(),
        result.at("powered_on").get<std::uint64_t>(), failed == 0 ? "" : R"( class="bad")", failed,
        when("p50"), when("p99"), when("last"), result.at("dora_per_s").get<double>(),
        result.at("mb_per_s").get<double>(), result.at("retransmissions").get<std::uint64_t>());
  }
  return text + "</table>\n";
}

Line booted_line(const Json& result) {
  Line line{result.at("label"), {}};
  for (const Json& point : result.at("series"))
    line.points.emplace_back(point[kSeconds], point[kBooted]);
  return line;
}

// Mean between two points of the series, in MB/s; of DHCP alone, exchanges a second.
Line rate_line(const Json& result, Column column, double unit) {
  Line line{result.at("label"), {}};
  const Json& series = result.at("series");
  for (std::size_t i = 1; i < series.size(); ++i) {
    const double time = series[i][kSeconds].get<double>() - series[i - 1][kSeconds].get<double>();
    if (time < 0.05) continue;  // the last, short one would be noise
    const double grown = series[i][column].get<double>() - series[i - 1][column].get<double>();
    line.points.emplace_back(series[i][kSeconds], grown / time / unit);
  }
  return line;
}

Line boot_line(const Json& result) {
  Line line{result.at("label"), {}};
  const Json& curve = result.at("boot_curve_s");
  for (std::size_t i = 0; i < curve.size(); ++i) {
    line.points.emplace_back(curve[i], static_cast<double>(i));
  }
  return line;
}

std::string conditions(const Json& result) {
  std::string firmware;
  for (const Json& profile : result.at("profiles")) {
    firmware += (firmware.empty() ? "" : ", ") + profile.get<std::string>();
  }
  const Json& bad = result.at("impairment");
  return fmt::format(
      "{} machines ({}), {} relays, {:g} % of frames lost, {:g} % doubled, {:g} % reordered, "
      "{:g} ms delay each way, {}",
      result.at("machines").get<std::uint64_t>(), firmware, result.at("relays").get<unsigned>(),
      100 * bad.at("loss").get<double>(), 100 * bad.at("duplicate").get<double>(),
      100 * bad.at("reorder").get<double>(), bad.at("delay_ms").get<double>(),
      result.at("driver").get<std::string>());
}

}  // namespace

std::string html_report(const std::vector<Json>& results) {
  Plot booted{"Machines booted", "seconds", "machines", {}};
  Plot throughput{"Throughput of TFTP", "seconds", "MB/s", {}};
  Plot leases{"DHCP exchanges", "seconds", "DORA/s", {}};
  Plot boots{"Time to boot", "seconds from power-on", "percent of machines booted by then", {}};
  std::uint64_t bytes = 0;
  std::string said;
  std::string notes;
  for (const Json& result : results) {
    booted.lines.push_back(booted_line(result));
    throughput.lines.push_back(rate_line(result, kOctets, 1e6));
    leases.lines.push_back(rate_line(result, kLeases, 1));
    boots.lines.push_back(boot_line(result));
    bytes += result.at("bytes").get<std::uint64_t>();
    const std::string text = conditions(result);
    if (text != said) notes += "<p>" + escape_html(text) + "</p>\n";
    said = text;
  }
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
         "<title>Boot storm</title><style>" +
         std::string(kStyle) + "</style></head><body>\n<h1>Boot storm</h1>\n" + notes +
         table(results) + svg(booted) + svg(bytes > 0 ? throughput : leases) + svg(boots) +
         "</body></html>\n";
}

}  // namespace reveille::storm
