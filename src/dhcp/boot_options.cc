#include "dhcp/boot_options.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "image/image.h"
#include "policy/candidates.h"

namespace reveille {
namespace {

using wire::DhcpOption;
using wire::DhcpView;
using wire::DhcpWriter;

constexpr std::string_view kPxeClient = "PXEClient";
constexpr std::string_view kHttpClient = "HTTPClient";

// PXE 2.1, table 2-1: tags inside option 43.
constexpr std::uint8_t kDiscoveryControl = 6;
constexpr std::uint8_t kBootMenu = 9;
constexpr std::uint8_t kMenuPrompt = 10;
constexpr std::uint8_t kEnd = 255;
constexpr std::uint8_t kUseBootFileNameInOffer = 8;  // bit 3 of the discovery control

// iPXE, include/ipxe/dhcp.h: DHCP_EB_NO_PXEDHCP inside option 175.
constexpr std::uint8_t kNoProxyDhcp = 176;

constexpr std::size_t kFileFieldMax = 127;  // ROMs read the file field up to a NUL
constexpr std::size_t kMachineIdentifierLength = 17;

Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool names_file(const BootReply& reply) {
  return reply.plan != nullptr && !reply.plan->file.empty();
}

bool fits_file_field(std::string_view file) {
  return file.size() <= kFileFieldMax;
}

// UEFI HTTP boot checks for its own name (EDK2, HttpBootDhcp4.c). Without option 60 iPXE waits
// 3 s for a ProxyDHCP server, and without it EDK2 does not even look at option 43.
bool write_vendor_class(DhcpWriter& writer, const BootReply& reply) {
  writer.option(DhcpOption::vendor_class, reply.facts.http ? kHttpClient : kPxeClient);
  return true;
}

// Option 60 without 43 makes an offer BINL for EDK2, which then asks port 4011 and always waits
// a whole second for more answers (PxeBcDhcp4.c: PxeBcParseDhcp4Packet, PxeBcDhcp4Discover).
bool write_vendor_specific(DhcpWriter& writer, const DhcpView& request, const BootReply& reply) {
  if (reply.facts.http) return false;
  std::array<std::uint8_t, 64> value;
  std::size_t length = 0;
  const auto add = [&](std::uint8_t tag, Bytes bytes) {
    value[length++] = tag;
    value[length++] = static_cast<std::uint8_t>(bytes.size());
    length = static_cast<std::size_t>(
        std::ranges::copy(bytes, value.begin() + static_cast<std::ptrdiff_t>(length)).out -
        value.begin());
  };
  if (reply.no_discovery) add(kDiscoveryControl, Bytes{&kUseBootFileNameInOffer, 1});
  if (reply.facts.raspberry_pi) {
    // The ROM of a Raspberry Pi 3 takes no offer without this menu: item 0, 17 octets of text,
    // and a prompt with time-out 0. Newer ones do not mind it.
    using namespace std::string_view_literals;
    add(kBootMenu, as_bytes("\x00\x00\x11Raspberry Pi Boot"sv));
    add(kMenuPrompt, as_bytes("\x00PXE"sv));
  }
  // iPXE and EDK2 take an answer only for the boot item that they asked for.
  const auto item = request.suboption(DhcpOption::vendor_specific, kBootItem);
  if (item && item->size() == 4) add(kBootItem, *item);
  if (length == 0) return false;
  value[length++] = kEnd;
  writer.option(DhcpOption::vendor_specific, Bytes{value.data(), length});
  return true;
}

// With a NUL, against the SHOULD NOT of RFC 2132 2. EDK2 writes one behind a name that has none,
// over the code of the next option; older UEFI firmware asks for the name with the END octet
// (0xff) stuck to it. All clients strip it, as RFC 2132 wants.
bool write_boot_file_name(DhcpWriter& writer, std::string_view file) {
  std::array<std::uint8_t, 513> value;
  if (file.size() >= value.size()) {
    writer.option(DhcpOption::boot_file_name, file);
    return true;
  }
  const auto end = std::ranges::copy(file, value.begin()).out;
  *end = 0;
  writer.option(DhcpOption::boot_file_name, Bytes{value.data(), file.size() + 1});
  return true;
}

// EDK2 opens a file of known size once, and else asks for its size in a transfer of its own.
bool write_boot_file_size(DhcpWriter& writer, const BootReply& reply) {
  const Image* image = reply.plan->image;
  if (image == nullptr || reply.next_server != reply.station.address.address) return false;
  const std::uint64_t blocks = (image->size() + 511) / 512;
  if (blocks == 0 || blocks > 0xffff) return false;
  writer.option_u16(DhcpOption::boot_file_size, static_cast<std::uint16_t>(blocks));
  return true;
}

// PXE 2.1 wants it back from every server; ROMs drop offers without it.
bool write_machine_identifier(DhcpWriter& writer, const DhcpView& request) {
  if (!has_machine_identifier(request)) return false;
  writer.option(DhcpOption::client_machine_identifier,
                *request.option(DhcpOption::client_machine_identifier));
  return true;
}

// Only from the server that gives the address: iPXE then looks at no ProxyDHCP offer at all, so
// none can overrule this reply, nor be waited for.
bool write_ipxe(DhcpWriter& writer, const BootReply& reply) {
  if (!reply.facts.ipxe || reply.proxy) return false;
  constexpr std::array<std::uint8_t, 3> kValue{kNoProxyDhcp, 1, 1};
  writer.option(DhcpOption::ipxe, Bytes{kValue});
  return true;
}

}  // namespace

Ipv4Address next_server_of(const Config& config, const Station& station, const BootPlan* plan) {
  if (plan != nullptr && plan->next_server) return *plan->next_server;
  return config.boot.next_server.value_or(station.address.address);
}

bool has_machine_identifier(const DhcpView& request) {
  const auto sent = request.option(DhcpOption::client_machine_identifier);
  return sent && sent->size() == kMachineIdentifierLength;
}

bool write_planned_option(DhcpWriter& writer, const BootPlan& plan, DhcpOption code) {
  for (const DhcpOptionConfig& option : plan.options) {
    if (option.code != static_cast<std::uint8_t>(code)) continue;
    writer.option(code, Bytes{option.value});
    return true;
  }
  if (code != DhcpOption::root_path || plan.root_path.empty()) return false;
  writer.option(code, plan.root_path);
  return true;
}

void write_boot_header(DhcpWriter& writer, const DhcpView& /*request*/, const BootReply& reply) {
  if (!names_file(reply)) return;
  writer.siaddr(reply.next_server);
  if (!is_url(reply.plan->file)) writer.sname(reply.next_server.dotted().view());
  if (fits_file_field(reply.plan->file)) writer.file(reply.plan->file);
}

bool write_boot_option(DhcpWriter& writer, const DhcpView& request, const BootReply& reply,
                       DhcpOption code) {
  const bool boots = reply.facts.boots();
  if (code == DhcpOption::client_machine_identifier) {
    return boots && write_machine_identifier(writer, request);
  }
  if (!names_file(reply)) {
    // Nothing to wait for: neither a ProxyDHCP server nor a boot server knows more.
    if (reply.plan == nullptr || !reply.plan->boots(reply.facts.ipxe)) return false;
    if (code == DhcpOption::vendor_class) return write_vendor_class(writer, reply);
    return code == DhcpOption::ipxe && write_ipxe(writer, reply);
  }
  switch (code) {
    case DhcpOption::boot_file_size:
      return write_boot_file_size(writer, reply);
    case DhcpOption::boot_file_name:
      return write_boot_file_name(writer, reply.plan->file);
    case DhcpOption::tftp_server_name:
      if (is_url(reply.plan->file)) return false;
      writer.option(code, reply.next_server.dotted().view());
      return true;
    case DhcpOption::vendor_class:
      return boots && write_vendor_class(writer, reply);
    case DhcpOption::vendor_specific:
      return boots && write_vendor_specific(writer, request, reply);
    case DhcpOption::ipxe:
      return write_ipxe(writer, reply);
    default:
      return false;
  }
}

std::span<const DhcpOption> unasked_boot_options(const BootReply& reply) {
  static constexpr std::array kNeeded{DhcpOption::vendor_class,
                                      DhcpOption::vendor_specific,
                                      DhcpOption::client_machine_identifier,
                                      DhcpOption::boot_file_name,
                                      DhcpOption::tftp_server_name,
                                      DhcpOption::ipxe};
  static constexpr std::array kNameOnly{DhcpOption::boot_file_name};
  if (reply.facts.boots()) return kNeeded;
  if (names_file(reply) && !fits_file_field(reply.plan->file)) return kNameOnly;
  return {};
}

}  // namespace reveille
