#include "control/log/event_json.h"

#include <array>
#include <ctime>

#include <nlohmann/json.hpp>
#include <spdlog/fmt/fmt.h>

#include "control/log/escape.h"
#include "control/log/event_text.h"
#include "policy/architecture.h"
#include "policy/facts.h"

namespace reveille {

namespace {

using OrderedJson = nlohmann::ordered_json;
using std::chrono::system_clock;

// Texts are escaped before they come here and so are UTF-8; `replace` only makes sure that a
// mistake there cannot become an exception.
std::string line(const OrderedJson& object) {
  return object.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

OrderedJson client_fields(const Event& event, system_clock::time_point time, std::string_view level,
                          std::string_view kind) {
  OrderedJson fields;
  fields["time"] = utc_text(time);
  fields["level"] = level;
  fields["event"] = kind;
  if (!event.client.is_zero()) fields["client"] = event.client.text();
  if (event.firmware != Firmware::unknown) fields["firmware"] = name(event.firmware);
  if (event.architecture != kArchitectureUnknown) {
    fields["architecture"] = event.architecture;
    fields["architecture_name"] = architecture_name(event.architecture);
  }
  if (event.vlan != 0) fields["vlan"] = event.vlan;
  if (!event.relay.is_zero()) fields["relay"] = event.relay.text();
  if (!event.address.is_zero()) fields["address"] = event.address.text();
  return fields;
}

bool is_about_disk(EventKind kind) {
  return kind >= EventKind::disk_opened && kind <= EventKind::disk_failed;
}

const char* text_key(EventKind kind) {
  if (kind == EventKind::dhcp_denied) return "rule";
  if (is_about_disk(kind)) return "disk";
  const bool is_message = kind == EventKind::tftp_aborted || kind == EventKind::dhcp_nakked;
  return is_message ? "message" : "file";
}

bool has_outcome(EventKind kind) {
  return kind == EventKind::dhcp_nakked || kind == EventKind::tftp_refused ||
         kind == EventKind::disk_refused;
}

}  // namespace

std::string utc_text(system_clock::time_point time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const std::time_t seconds = system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", std::string_view{text.data(), length},
                     milliseconds.count() % 1000);
}

std::string json_line(const Event& event, system_clock::time_point time) {
  OrderedJson fields =
      client_fields(event, time, is_trouble(event) ? "warning" : "info", name(event.kind));
  if (!event.text().empty()) {
    fields[text_key(event.kind)] = escaped(event.text());
  }
  if (event.bytes != 0) fields["bytes"] = event.bytes;
  if (event.elapsed > 0ns) {
    fields["seconds"] = std::chrono::duration<double>{event.elapsed}.count();
  }
  if (event.kind == EventKind::tftp_completed && event.elapsed > 0ns) {
    fields["mb_per_s"] = megabytes_per_second(event.bytes, event.elapsed);
  }
  if (has_outcome(event.kind)) fields["outcome"] = info(event.outcome).name;
  fields["text"] = sentence(event);
  return line(fields);
}

std::string json_line(const Event& about, system_clock::time_point time, std::string_view level,
                      std::string_view event, std::string_view text) {
  OrderedJson fields = client_fields(about, time, level, event);
  fields["text"] = text;
  return line(fields);
}

std::string json_line(system_clock::time_point time, std::string_view level,
                      std::string_view text) {
  return line({{"time", utc_text(time)}, {"level", level}, {"event", "note"}, {"text", text}});
}

}  // namespace reveille
