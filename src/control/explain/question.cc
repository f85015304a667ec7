#include "control/explain/question.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>

#include "control/config/architecture_key.h"
#include "control/config/problem.h"
#include "control/config/value_text.h"
#include "policy/architecture.h"

namespace reveille {
namespace {

using wire::DhcpOption;
using wire::DhcpType;

using Octets = std::vector<std::uint8_t>;
using Options = std::map<std::uint8_t, Octets>;  // by code

constexpr std::size_t kMessageMax = 1472;  // what Ethernet carries; firmware says so in option 57
constexpr std::size_t kOptionMax = 1024;
constexpr std::uint16_t kVlanMax = 4094;
// The relay's router, as a frame through it shows it.
constexpr MacAddress kRouterMac{{0x02, 'r', 'o', 'u', 't', 'e'}};

// What UEFI and PXE ROMs ask for, as far as anybody answers it.
constexpr std::array<std::uint8_t, 17> kRequested{1,  3,  6,  12, 13, 15, 17,  28, 42,
                                                  43, 54, 60, 66, 67, 97, 128, 175};

Octets octets_of(std::string_view text) {
  return {text.begin(), text.end()};
}

tl::unexpected<std::string> refuse(std::string_view option, const std::string& text,
                                   std::string_view form) {
  return tl::unexpected(std::string(option) + ": " + in_quotes(text) + " is not " +
                        std::string(form));
}

// Text, or octets after "0x".
tl::expected<Octets, std::string> read_octets(std::string_view option, const std::string& text) {
  Octets octets = octets_of(text);
  if (text.starts_with("0x")) {
    const auto hex = parse_hex(std::string_view(text).substr(2));
    if (!hex) return refuse(option, text, "octets such as 0x0103");
    octets = *hex;
  }
  if (octets.empty() || octets.size() > kOptionMax) {
    return tl::unexpected(std::string(option) + " takes 1 to " + std::to_string(kOptionMax) +
                          " octets");
  }
  return octets;
}

// What the firmware of an architecture says of itself (PXE 2.1, table 2-1; UEFI 24.7).
void say_firmware(std::uint16_t architecture, Options& to) {
  const Architecture* known = find_architecture(architecture);
  const auto kind = known != nullptr ? known->kind : ArchitectureKind::uefi;
  const bool is_bios = kind == ArchitectureKind::bios;
  char text[48];
  (void)std::snprintf(text, sizeof text, "%s:Arch:%05u:UNDI:%s",
                      kind == ArchitectureKind::http ? "HTTPClient" : "PXEClient",
                      unsigned{architecture}, is_bios ? "002001" : "003016");
  to[60] = octets_of(text);
  to[93] = {static_cast<std::uint8_t>(architecture >> 8), static_cast<std::uint8_t>(architecture)};
  to[94] = is_bios ? Octets{1, 2, 1} : Octets{1, 3, 16};
  to[57] = {kMessageMax >> 8, kMessageMax & 0xff};
}

// Takes the words one after the other; the first that is wrong is the error.
class Reader {
 public:
  explicit Reader(const ClientWords& words) : words_(words) {}

  tl::expected<Question, std::string> read() {
    options_[55] = {kRequested.begin(), kRequested.end()};
    if (words_.ipxe) options_[77] = octets_of("iPXE");
    read_mac();
    read_architecture();
    read_text("--vendor-class", words_.vendor_class, 60);
    read_text("--user-class", words_.user_class, 77);
    read_text("--host-name", words_.host_name, 12);
    read_client_id();
    read_uuid();
    read_relay();
    read_vlan();
    for (const std::string& option : words_.options) read_option(option);
    read_message();
    if (!why_.empty()) return tl::unexpected(why_);
    return write();
  }

  Options& options() { return options_; }
  void is(DhcpType type) { question_.type = type; }
  tl::expected<Question, std::string> write();

 private:
  void keep(const tl::unexpected<std::string>& why) {
    if (why_.empty()) why_ = why.value();
  }

  void read_mac() {
    if (!words_.mac) return keep(tl::unexpected(std::string("--mac says which machine asks")));
    const auto mac = MacAddress::parse(*words_.mac);
    if (!mac || mac->is_group() || mac->is_zero()) {
      return keep(refuse("--mac", *words_.mac, "a machine's address such as 52:54:00:12:34:56"));
    }
    question_.mac = *mac;
  }

  void read_architecture() {
    if (!words_.architecture) return;
    const auto architecture = parse_architecture(*words_.architecture);
    if (architecture) return say_firmware(*architecture, options_);
    const std::vector<std::string> keys = architecture_keys();
    const std::string_view meant = nearest(*words_.architecture, {keys.begin(), keys.end()});
    keep(refuse("--arch", *words_.architecture,
                "an architecture such as x64-uefi, or its number" +
                    (meant.empty() ? "" : "; did you mean " + in_quotes(meant) + "?")));
  }

  void read_text(std::string_view name, const std::optional<std::string>& text, std::uint8_t code) {
    if (!text) return;
    if (text->empty()) {
      options_.erase(code);
      return;
    }
    auto octets = read_octets(name, *text);
    if (!octets) return keep(tl::unexpected(octets.error()));
    options_[code] = std::move(*octets);
  }

  void read_client_id() {
    if (!words_.client_id) return;
    const auto octets = parse_hex(*words_.client_id);
    if (!octets || octets->size() > 255) {
      return keep(refuse("--client-id", *words_.client_id, "octets such as 01:52:54:00:12:34:56"));
    }
    options_[61] = *octets;
  }

  void read_uuid() {
    if (!words_.uuid) return;
    const auto uuid = Uuid::parse(*words_.uuid);
    if (!uuid) {
      return keep(
          refuse("--uuid", *words_.uuid, "a UUID such as 00112233-4455-6677-8899-aabbccddeeff"));
    }
    Octets& value = options_[97] = {0};
    value.insert(value.end(), uuid->octets.begin(), uuid->octets.end());
  }

  void read_address(std::string_view name, const std::string& text, Ipv4Address& to) {
    const auto address = Ipv4Address::parse(text);
    if (!address) return keep(refuse(name, text, "an address such as 10.77.0.5"));
    to = *address;
  }

  void read_relay() {
    if (words_.relay) read_address("--relay", *words_.relay, question_.relay);
    Octets value;
    const auto add = [&](std::string_view name, const std::optional<std::string>& text,
                         wire::RelayOption code) {
      if (!text) return;
      if (!words_.relay) {
        return keep(tl::unexpected(std::string(name) + " is what a relay says: give --relay too"));
      }
      const auto octets = read_octets(name, *text);
      if (!octets) return keep(tl::unexpected(octets.error()));
      if (octets->size() > 255) {
        return keep(tl::unexpected(std::string(name) + " has at most 255 octets"));
      }
      value.push_back(static_cast<std::uint8_t>(code));
      value.push_back(static_cast<std::uint8_t>(octets->size()));
      value.insert(value.end(), octets->begin(), octets->end());
    };
    add("--circuit-id", words_.circuit_id, wire::RelayOption::circuit_id);
    add("--remote-id", words_.remote_id, wire::RelayOption::remote_id);
    if (!value.empty()) options_[82] = value;
  }

  void read_vlan() {
    if (!words_.vlan) return;
    const std::string& text = *words_.vlan;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), question_.vlan);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || question_.vlan > kVlanMax) keep(refuse("--vlan", text, "0 to 4094"));
  }

  void read_option(const std::string& text) {
    unsigned code = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
    const bool is_code = error == std::errc{} && code >= 1 && code <= 254 &&
                         end != text.data() + text.size() && *end == '=';
    constexpr unsigned kType = static_cast<unsigned>(DhcpOption::message_type);
    constexpr unsigned kOverload = static_cast<unsigned>(DhcpOption::overload);
    if (!is_code || code == kType || code == kOverload) {
      return keep(refuse("--option", text, "an option such as 94=0x010310 or 128=text"));
    }
    const auto at = static_cast<std::size_t>(end - text.data()) + 1;
    const auto octets = read_octets("--option " + std::to_string(code), text.substr(at));
    if (!octets) return keep(tl::unexpected(octets.error()));
    options_[static_cast<std::uint8_t>(code)] = *octets;
  }

  void read_message() {
    if (words_.message == "inform") {
      question_.type = DhcpType::inform;
    } else if (words_.message == "boot-server") {
      question_.type = DhcpType::request;
      question_.service = Service::boot_server;
    } else if (words_.message != "discover" && words_.message != "request") {
      keep(refuse("--message", words_.message, "discover, request, inform or boot-server"));
    }
    if (!words_.requested) return;
    Ipv4Address address;
    read_address("--requested", *words_.requested, address);
    Octets& value = options_[50] = Octets(4);
    store_be32(value.data(), address.value);
  }

  const ClientWords& words_;
  Question question_;
  Options options_;
  std::string why_;
};

tl::expected<Question, std::string> Reader::write() {
  question_.body.assign(kMessageMax, 0);
  wire::DhcpWriter writer(question_.body, kMessageMax);
  writer.request_of(question_.mac, 0x65787031);
  if (!question_.relay.is_zero()) {
    writer.hops(1);
    writer.giaddr(question_.relay);
  }
  writer.option_u8(DhcpOption::message_type, static_cast<std::uint8_t>(question_.type));
  for (const auto& [code, value] : options_) writer.option(DhcpOption{code}, Bytes{value});
  if (writer.overflowed()) {
    return tl::unexpected("these options do not fit into one message of " +
                          std::to_string(kMessageMax) + " octets");
  }
  question_.body.resize(writer.finish());
  return std::move(question_);
}

}  // namespace

tl::expected<Question, std::string> compose(const ClientWords& words) {
  return Reader(words).read();
}

tl::expected<Question, std::string> compose_request(const ClientWords& words, Ipv4Address address,
                                                    Ipv4Address server) {
  Reader reader(words);
  if (auto read = reader.read(); !read) return read;
  const auto octets = [](Ipv4Address from) {
    Octets value(4);
    store_be32(value.data(), from.value);
    return value;
  };
  reader.options()[50] = octets(address);
  reader.options()[54] = octets(server);
  reader.is(DhcpType::request);
  return reader.write();
}

tl::expected<Request, std::string> request_of(const Question& question, const Stations& stations) {
  const auto found = std::find_if(stations.begin(), stations.end(), [&](const Station& station) {
    return station.vlan == question.vlan;
  });
  if (found == stations.end()) {
    return tl::unexpected(question.vlan == 0
                              ? std::string("no interface has an untagged address: give --vlan")
                              : "no interface has VLAN " + std::to_string(question.vlan));
  }
  const bool relayed = !question.relay.is_zero();
  Request request;
  request.service = question.service;
  request.station = static_cast<std::uint16_t>(found - stations.begin());
  request.link_source = relayed ? kRouterMac : question.mac;
  request.link_destination = relayed ? found->mac : MacAddress::broadcast();
  request.source = question.relay;
  request.destination = relayed ? found->address.address : Ipv4Address::broadcast();
  request.source_port = relayed ? wire::kDhcpServerPort : wire::kDhcpClientPort;
  request.destination_port =
      question.service == Service::boot_server ? wire::kBootServerPort : wire::kDhcpServerPort;
  request.body = question.body;
  return request;
}

}  // namespace reveille
