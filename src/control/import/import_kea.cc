// kea-dhcp4.conf: JSON with comments, the object "Dhcp4".
#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "control/config/dhcp_option_names.h"
#include "control/config/value_text.h"
#include "control/import/import_expression.h"
#include "control/import/import_options.h"
#include "control/import/option_types.h"
#include "control/import/plain_json.h"

namespace reveille {
namespace {

using Json = nlohmann::json;

class Kea {
 public:
  explicit Kea(Imported& to) : to_(to) {}

  void read_server(const Json& server) {
    if (const auto definitions = server.find("option-def"); definitions != server.end()) {
      each(*definitions, "Dhcp4.option-def",
           [this](const Json& one, const std::string& at) { define_option(one, at); });
    }
    for (const auto& [key, value] : server.items()) {
      const std::string path = "Dhcp4." + key;
      if (key == "interfaces-config") {
        read_interfaces(value, path);
      } else if (key == "subnet4") {
        each(value, path, [this](const Json& subnet, const std::string& at) {
          read_subnet(subnet, at, nullptr);
        });
      } else if (key == "shared-networks") {
        each(value, path,
             [this](const Json& network, const std::string& at) { read_network(network, at); });
      } else if (key == "client-classes") {
        each(value, path, [this](const Json& one, const std::string& at) { read_class(one, at); });
      } else if (key == "reservations") {
        each(value, path, [this](const Json& host, const std::string& at) { read_host(host, at); });
      } else if (key == "option-def") {
        // Read before all else.
      } else if (key == "authoritative" && value.is_boolean()) {
        to_.authoritative = value.get<bool>();
      } else if (!read_common(key, value, path, to_.global)) {
        remark(path, value, "has no equivalent");
      }
    }
    // A class goes before a subnet.
    std::ranges::move(subnet_rules_, std::back_inserter(to_.rules));
  }

 private:
  void remark(const std::string& path, const Json& value, std::string why) {
    std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    constexpr std::size_t kShown = 100;
    if (text.size() > kShown) text = text.substr(0, kShown) + "...";
    to_.remark(path, text, std::move(why));
  }

  template <class Take>
  void each(const Json& list, const std::string& path, Take&& take) {
    if (!list.is_array()) return remark(path, list, "not a list");
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string at = path + "[" + std::to_string(i) + "]";
      if (list[i].is_object()) {
        take(list[i], at);
      } else {
        remark(at, list[i], "not an object");
      }
    }
  }
  static std::string text_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
  }

  // What every scope may say. False: this key is something else.
  bool read_common(const std::string& key, const Json& value, const std::string& path,
                   ImportedScope& scope) {
    if (key == "option-data") {
      each(value, path,
           [&](const Json& one, const std::string& at) { read_option(one, at, scope); });
    } else if (key == "valid-lifetime" && value.is_number_unsigned()) {
      const auto seconds = std::clamp<std::uint64_t>(value.get<std::uint64_t>(), 10, 0xfffffffe);
      scope.lease_time = Seconds{seconds};
    } else if (key == "min-valid-lifetime" || key == "max-valid-lifetime") {
      remark(path, value, "a client gets the lease time, or less if it asks for less");
    } else if (key == "boot-file-name" && value.is_string()) {
      scope.boot_file = file_name(value.get<std::string>());
    } else if (key == "next-server" && value.is_string()) {
      const auto address = Ipv4Address::parse(value.get<std::string>());
      if (address && !address->is_zero()) scope.next_server = *address;
      if (!address) remark(path, value, "next_server is an IPv4 address");
    } else if (key == "user-context" || key == "comment") {
      // For people.
    } else {
      return false;
    }
    return true;
  }

  void read_interfaces(const Json& config, const std::string& path) {
    if (!config.is_object()) return remark(path, config, "not understood");
    for (const auto& [key, value] : config.items()) {
      if (key != "interfaces" || !value.is_array()) {
        remark(path + "." + key, value, "has no equivalent");
        continue;
      }
      for (const Json& one : value) read_interface(one, path + "." + key);
    }
  }
  void read_interface(const Json& one, const std::string& path) {
    if (!one.is_string()) return remark(path, one, "not understood");
    const std::string text = one.get<std::string>();
    if (text == "*") return remark(path, one, "reveille wants its interfaces by name");
    if (!to_.interface.empty()) {
      return remark(path, one, "a further [[interface]] wants its own address");
    }
    const std::size_t slash = std::min(text.find('/'), text.size());
    to_.interface = text.substr(0, slash);
    if (slash < text.size()) to_.own_address = Ipv4Address::parse(text.substr(slash + 1));
  }

  // option-def: an option of this file's own.
  void define_option(const Json& one, const std::string& path) {
    const std::string space = text_of(one, "space");
    const auto number = one.find("code");
    const bool is_number = number != one.end() && number->is_number_unsigned();
    const auto code =
        is_number ? option_code_of(std::to_string(number->get<std::uint64_t>())) : std::nullopt;
    if (!code || (!space.empty() && space != "dhcp4"))
      return remark(path, one, "has no equivalent");
    const auto array = one.find("array");
    const bool is_list = array != one.end() && array->is_boolean() && array->get<bool>();
    own_names_.emplace(text_of(one, "name"), *code);
    own_types_.emplace(*code, kea_type(text_of(one, "type"), is_list));
  }

  [[nodiscard]] std::optional<std::uint8_t> code_of(std::string_view name) const {
    const auto own = own_names_.find(name);
    return own != own_names_.end() ? own->second : option_code_of(name);
  }

  void read_option(const Json& one, const std::string& path, ImportedScope& scope) {
    const std::string space = text_of(one, "space");
    if (!space.empty() && space != "dhcp4") return remark(path, one, "another option space");
    std::optional<std::uint8_t> code;
    if (const auto number = one.find("code"); number != one.end() && number->is_number_unsigned()) {
      code = option_code_of(std::to_string(number->get<std::uint64_t>()));
    } else {
      code = code_of(text_of(one, "name"));
    }
    if (!code) return remark(path, one, "an option that reveille does not know by this name");
    const std::string data = text_of(one, "data");
    if (*code == 66) {
      const auto server = Ipv4Address::parse(data);
      if (!server) return remark(path, one, "next_server is an IPv4 address");
      scope.next_server = *server;
      return;
    }
    if (*code == 54) {
      to_.own_address = Ipv4Address::parse(data);
      return;
    }
    if (std::string why = set_value(one, *code, data, scope); !why.empty()) {
      remark(path, one, std::move(why));
    }
  }

  std::string set_value(const Json& one, std::uint8_t code, const std::string& data,
                        ImportedScope& scope) const {
    using Kind = OptionType::Kind;
    const auto format = one.find("csv-format");
    if (format != one.end() && format->is_boolean() && !format->get<bool>()) {
      const std::string_view digits = std::string_view(data).substr(data.starts_with("0x") ? 2 : 0);
      return set_typed_option(code, {.kind = Kind::octets}, {std::string(digits)}, scope);
    }
    const auto own = own_types_.find(code);
    if (own == own_types_.end()) {
      const OptionName* const known = find_option(code);
      const bool is_text = known != nullptr && known->shape == OptionShape::text;
      return set_option(code, is_text ? std::vector{data} : split_list(data, ','), scope);
    }
    if (!own->second) return "a value of this type cannot be taken over";
    const bool is_whole = own->second->kind == Kind::text || own->second->kind == Kind::octets;
    return set_typed_option(code, *own->second,
                            is_whole ? std::vector{data} : split_list(data, ','), scope);
  }

  void read_network(const Json& network, const std::string& path) {
    ImportedScope scope;
    for (const auto& [key, value] : network.items()) {
      if (key == "subnet4" || key == "name") continue;
      const std::string at = path + "." + key;
      if (!read_common(key, value, at, scope)) remark(at, value, "has no equivalent");
    }
    const auto subnets = network.find("subnet4");
    if (subnets == network.end()) return;
    to_.remark(path, text_of(network, "name"), "each of its subnets is a link of its own here");
    each(*subnets, path + ".subnet4",
         [&](const Json& subnet, const std::string& at) { read_subnet(subnet, at, &scope); });
  }

  void read_subnet(const Json& one, const std::string& path, const ImportedScope* network) {
    auto prefix = Ipv4Prefix::parse(text_of(one, "subnet"));
    if (!prefix) return remark(path, one, "a subnet without its prefix");
    prefix->address = prefix->network();
    ImportedSubnet subnet = to_.subnet(*prefix);
    const std::string only_for = text_of(one, "client-class");
    for (const auto& [key, value] : one.items()) {
      const std::string at = path + "." + key;
      if (key == "subnet" || key == "id" || (key == "client-class" && !only_for.empty())) continue;
      if (key == "pools") {
        each(value, at, [&](const Json& pool, const std::string& where) {
          read_pool(pool, where, only_for, subnet);
        });
      } else if (key == "reservations") {
        each(value, at,
             [this](const Json& host, const std::string& where) { read_host(host, where); });
      } else if (key == "relay") {
        read_relay(value, at, subnet);
      } else if (!read_common(key, value, at, subnet.scope)) {
        remark(at, value, "has no equivalent");
      }
    }
    if (network != nullptr) subnet.scope.inherit(*network);
    subnet_rules_.push_back(take_rule(subnet.scope, std::array{*prefix}));
    to_.subnet(*prefix) = std::move(subnet);
  }

  // `only_for`: the class that the subnet is for, if any.
  void read_pool(const Json& one, const std::string& path, const std::string& only_for,
                 ImportedSubnet& subnet) {
    const std::string text = text_of(one, "pool");
    const auto prefix = Ipv4Prefix::parse(text);
    std::string compact = text;
    std::erase_if(compact, [](char c) { return c == ' '; });
    const auto pool =
        prefix ? PoolConfig{prefix->network(), prefix->directed_broadcast()} : parse_pool(compact);
    if (!pool) return remark(path, one, "not a pool");
    const std::string of_class = text_of(one, "client-class");
    for (const auto& [key, value] : one.items()) {
      if (key == "pool" || (key == "client-class" && !of_class.empty())) continue;
      remark(path + "." + key, value, "has no equivalent for a single pool");
    }
    ImportedPool restricted;
    std::vector<ImportedCondition> parts;
    for (const std::string& name : {only_for, of_class}) {
      if (name.empty()) continue;
      const auto known = classes_.find(name);
      if (known == classes_.end()) {
        return remark(path, one, "nobody gets these: rules know no class \"" + name + "\"");
      }
      restricted.name += (restricted.name.empty() ? "" : ", ") + name;
      parts.push_back(known->second);
    }
    if (parts.empty()) return subnet.pools.push_back(*pool);
    auto when = combined("all", parts);
    if (!when) return remark(path, one, "nobody gets these: rules cannot tell the machines");
    restricted.when = std::move(*when);
    restricted.ranges = {*pool};
    subnet.restricted.push_back(std::move(restricted));
  }

  void read_relay(const Json& value, const std::string& path, ImportedSubnet& subnet) {
    const auto list = value.is_object() ? value.find("ip-addresses") : value.end();
    if (!value.is_object() || list == value.end() || !list->is_array()) {
      return remark(path, value, "not understood");
    }
    for (const Json& one : *list) {
      const auto address =
          one.is_string() ? Ipv4Address::parse(one.get<std::string>()) : std::nullopt;
      if (address) subnet.relays.push_back(*address);
      if (!address) remark(path, one, "not an IPv4 address");
    }
  }

  void read_host(const Json& one, const std::string& path) {
    ImportedHost host;
    ImportedScope own;
    for (const auto& [key, value] : one.items()) {
      const std::string text = value.is_string() ? value.get<std::string>() : "";
      const std::string at = path + "." + key;
      if (key == "hw-address") {
        host.config.mac = MacAddress::parse(text);
      } else if (key == "client-id") {
        host.config.client_id = parse_hex(text).value_or(std::vector<std::uint8_t>{});
      } else if (key == "ip-address") {
        host.config.address = Ipv4Address::parse(text);
      } else if (key == "hostname") {
        host.config.host_name = text;
      } else if (!read_common(key, value, at, own)) {
        remark(at, value, "has no equivalent for a single host");
      } else if (!std::exchange(own, own.part_for_rules()).suits_rules()) {
        remark(at, value, "routers, dns and domain are those of the host's subnet");
      }
    }
    if (!host.config.mac && host.config.client_id.empty()) {
      return remark(path, one, "a host is known by its hw-address or client-id");
    }
    host.config.boot_file = own.boot_file;
    host.next_server = own.next_server;
    host.lease_time = own.lease_time;
    host.options = std::move(own.options);
    to_.hosts.push_back(std::move(host));
  }

  void read_class(const Json& one, const std::string& path) {
    const std::string name = text_of(one, "name");
    const ConditionWords words{[this](std::string_view option) { return code_of(option); },
                               &classes_};
    const auto condition = condition_of(expression_words(text_of(one, "test")), words);
    if (!condition) return remark(path, one, "its test is none that rules can make");
    classes_.emplace(name, *condition);
    ImportedScope gives;
    ImportedRule rule{.name = name, .when = *condition};
    for (const auto& [key, value] : one.items()) {
      const std::string at = path + "." + key;
      if (key == "name" || key == "test") continue;
      if (!read_common(key, value, at, gives)) remark(at, value, "has no equivalent");
    }
    rule.ignore = name == "DROP";
    to_.rules.push_back(to_.rule_of(std::move(rule), gives, path));
  }

  // Kea itself knows the first two.
  std::map<std::string, ImportedCondition, std::less<>> classes_{{"KNOWN", is_known()},
                                                                 {"UNKNOWN", negated(is_known())}};
  std::vector<ImportedRule> subnet_rules_;
  std::map<std::string, std::uint8_t, std::less<>> own_names_;
  std::map<std::uint8_t, std::optional<OptionType>> own_types_;  // nullopt: of no use here
  Imported& to_;
};

// The library's words from "at line" on, without its own numbers.
std::string syntax_error(std::string_view text, const Json::parse_error& error) {
  if (text.find("<?include") != std::string_view::npos) {
    return "it includes other files, which are not followed: put what they hold in their place";
  }
  const std::string_view words = error.what();
  const std::size_t place = words.find("at line ");
  return "it is no JSON: " + std::string(words.substr(place == std::string_view::npos ? 0 : place));
}

}  // namespace

ImportResult import_kea(std::string_view text) {
  // Everything that goes through the values does so by calling itself.
  bool is_too_deep = false;
  const auto keep = [&is_too_deep](int depth, Json::parse_event_t, const Json&) {
    constexpr int kDepthMax = 64;
    is_too_deep |= depth > kDepthMax;
    return !is_too_deep;
  };
  Json json;
  try {
    json = Json::parse(plain_json(text), keep);
  } catch (const Json::parse_error& error) {
    return tl::unexpected(syntax_error(text, error));
  }
  if (is_too_deep) return tl::unexpected(std::string("it is nested too deep"));
  if (!json.is_object()) return tl::unexpected(std::string("it is not a JSON object"));
  const auto server = json.find("Dhcp4");
  if (server == json.end() || !server->is_object()) {
    return tl::unexpected(std::string("it has no object \"Dhcp4\""));
  }
  Imported imported;
  Kea(imported).read_server(*server);
  return imported;
}

}  // namespace reveille
