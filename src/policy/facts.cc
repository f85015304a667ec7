#include "policy/facts.h"

#include <algorithm>
#include <array>

#include "policy/architecture.h"

namespace reveille {
namespace {

using wire::DhcpOption;
using wire::DhcpView;
using wire::RelayOption;

std::string_view text_of(const DhcpView& request, DhcpOption code) {
  return request.option_text(code).value_or(std::string_view{});
}

// "PXEClient:Arch:00007:UNDI:003016" (PXE 2.1, table 2-1): the five digits.
std::optional<std::uint16_t> architecture_in(std::string_view vendor_class) {
  constexpr std::string_view kMark = ":Arch:";
  const std::size_t mark = vendor_class.find(kMark);
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view digits = vendor_class.substr(mark + kMark.size(), 5);
  if (digits.size() != 5) return std::nullopt;
  std::uint32_t code = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    code = code * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  if (code >= kArchitectureUnknown) return std::nullopt;
  return static_cast<std::uint16_t>(code);
}

// Option 93 is a list of 16-bit codes, the one in use first (RFC 4578 2.1). ROMs older than PXE
// 2.1 leave it out; what is not a list of such codes counts as left out.
std::uint16_t architecture_of(const DhcpView& request, const Facts& facts) {
  const auto codes = request.option(DhcpOption::client_architecture);
  if (codes && codes->size() >= 2 && codes->size() % 2 == 0) return load_be16(codes->data());
  if (!facts.boots()) return kArchitectureUnknown;
  return architecture_in(facts.vendor_class).value_or(kArchitectureBios);
}

// iPXE and its ancestor gPXE send their name as plain text; RFC 3004 wants a list of items, each
// after its length, and some builds do that.
bool names_ipxe(std::string_view user_class) {
  const auto is_name = [](std::string_view text) { return text == "iPXE" || text == "gPXE"; };
  if (is_name(user_class)) return true;
  while (!user_class.empty()) {
    const auto length = static_cast<std::uint8_t>(user_class.front());
    user_class.remove_prefix(1);
    if (length > user_class.size()) return false;
    if (is_name(user_class.substr(0, length))) return true;
    user_class.remove_prefix(length);
  }
  return false;
}

std::optional<Uuid> uuid_of(const DhcpView& request) {
  const auto value = request.option(DhcpOption::client_machine_identifier);
  if (!value || value->size() != 17 || value->front() != 0) return std::nullopt;
  Uuid uuid;
  std::copy_n(value->begin() + 1, 16, uuid.octets.begin());
  const auto all = [&uuid](std::uint8_t octet) {
    return std::ranges::all_of(uuid.octets, [octet](std::uint8_t o) { return o == octet; });
  };
  if (all(0x00) || all(0xff)) return std::nullopt;
  return uuid;
}

// Where a relay heard the client. Option 82 is believed only with a relay behind it.
Ipv4Address link_of(const DhcpView& request) {
  if (request.giaddr().is_zero()) return {};
  const auto link = request.relay_option(RelayOption::link_selection);  // RFC 3527
  return link && link->size() == 4 ? Ipv4Address::from(link->data()) : request.giaddr();
}

// The ROM of a Raspberry Pi cannot be told from a BIOS but by its vendor's address blocks.
bool is_raspberry_pi(const Facts& facts) {
  constexpr std::array<std::uint32_t, 6> kBlocks{0xb827eb, 0xdca632, 0xe45f01,
                                                 0x28cdc1, 0xd83add, 0x2ccf67};
  const auto block = static_cast<std::uint32_t>(facts.mac.number() >> 24);
  return facts.pxe && !facts.ipxe && facts.architecture == kArchitectureBios &&
         std::ranges::find(kBlocks, block) != kBlocks.end();
}

Firmware firmware_of(const Facts& facts) {
  if (facts.ipxe) return Firmware::ipxe;
  if (facts.http) return Firmware::http;
  if (!facts.pxe) return facts.vendor_class.empty() ? Firmware::unknown : Firmware::other;
  const Architecture* known = find_architecture(facts.architecture);
  if (known == nullptr) return Firmware::other;
  switch (known->kind) {
    case ArchitectureKind::bios:
      return Firmware::bios_pxe;
    case ArchitectureKind::uefi:
      return Firmware::uefi_pxe;
    case ArchitectureKind::http:
      return Firmware::http;
    case ArchitectureKind::other:
      return Firmware::other;
  }
  return Firmware::other;
}

}  // namespace

Facts facts_of(const DhcpView& request, std::uint16_t station) {
  Facts facts;
  facts.mac = request.chaddr();
  facts.uuid = uuid_of(request);
  facts.vendor_class = text_of(request, DhcpOption::vendor_class);
  facts.user_class = text_of(request, DhcpOption::user_class);
  facts.client_id = request.option(DhcpOption::client_identifier).value_or(Bytes{});
  facts.host_name = text_of(request, DhcpOption::host_name);
  facts.station = station;
  facts.relay = request.giaddr();
  facts.link = link_of(request);
  facts.circuit_id = request.relay_option(RelayOption::circuit_id).value_or(Bytes{});
  facts.remote_id = request.relay_option(RelayOption::remote_id).value_or(Bytes{});
  facts.message = &request;
  facts.pxe = facts.vendor_class.starts_with("PXEClient");
  facts.http = facts.vendor_class.starts_with("HTTPClient");
  facts.ipxe = names_ipxe(facts.user_class) || request.has(DhcpOption::ipxe);
  facts.architecture = architecture_of(request, facts);
  facts.raspberry_pi = is_raspberry_pi(facts);
  facts.firmware = firmware_of(facts);
  return facts;
}

void locate(Facts& facts, const Station& station, Ipv4Address ciaddr) {
  facts.vlan = station.vlan;
  if (!facts.link.is_zero()) return;
  const bool elsewhere = !ciaddr.is_zero() && !station.address.contains(ciaddr);
  facts.link = elsewhere ? ciaddr : station.address.address;
}

Facts facts_at(const DhcpView& request, std::uint16_t station_index, const Station& station) {
  Facts facts = facts_of(request, station_index);
  locate(facts, station, request.ciaddr());
  return facts;
}

}  // namespace reveille
