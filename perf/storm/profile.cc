#include "storm/profile.h"

#include <array>

namespace reveille::storm {
namespace {

using P = std::uint8_t;

// iPXE config/dhcp.h: DISCOVER starts at 1 s, REQUEST and 4011 at 0.25 s, doubling; a timer that
// would run for more than 10 s ends it.
constexpr std::array<Nanoseconds, 4> kIpxeDiscover{1s, 2s, 4s, 8s};
constexpr std::array<Nanoseconds, 6> kIpxeQuarter{250ms, 500ms, 1s, 2s, 4s, 8s};
// PxeBcDhcp4.c mPxeDhcpTimeout, PXE 2.1 table 2-1.
constexpr std::array<Nanoseconds, 4> kPxeDiscover{4s, 8s, 16s, 32s};
constexpr std::array<Nanoseconds, 4> kPxeRequest{1s, 2s, 3s, 4s};
// PXEBC_MTFTP_TIMEOUT 4 s, PXEBC_MTFTP_RETRIES 6.
constexpr std::array<Nanoseconds, 6> kEdk2Tftp{4s, 4s, 4s, 4s, 4s, 4s};
// GRUB bootp.c: 2, 4, 8, 16, 32 ticks of 200 ms.
constexpr std::array<Nanoseconds, 5> kGrubDhcp{400ms, 800ms, 1600ms, 3200ms, 6400ms};
// GRUB net.c: 40 tries of 400 ms, 20 ms longer each time.
constexpr auto kGrubTftp = [] {
  std::array<Nanoseconds, 40> waits{};
  for (std::size_t i = 0; i < waits.size(); ++i) waits[i] = 400ms + 20ms * i;
  return waits;
}();
// core/fs/pxe tftp.c of PXELINUX: TimeoutTable, in ticks of the BIOS clock.
constexpr auto kPxelinux = [] {
  constexpr std::array ticks{2,  2,  3,  3,  4,  5,  6,   7,   9,   10,  12,  15,  18,  21,  26, 31,
                             37, 44, 53, 64, 77, 92, 110, 132, 158, 189, 227, 255, 255, 255, 255};
  std::array<Nanoseconds, ticks.size()> waits{};
  for (std::size_t i = 0; i < waits.size(); ++i) waits[i] = 54'925us * ticks[i];
  return waits;
}();
// No source of a vendor's PXE 2.1 ROM is public; these are the waits that the specification has
// for its other requests.
constexpr Waits kRomTftp = kPxeRequest;
constexpr std::array<Nanoseconds, 4> kPlain{1s, 2s, 4s, 8s};

constexpr P kIpxeParameters[] = {1,   3,   6,   7,   12,  15,  17,  26,  43,  60,  66, 67,
                                 119, 128, 129, 130, 131, 132, 133, 134, 135, 175, 203};
constexpr P kPxeParameters[] = {1,  2,  3,  4,   5,   6,   12,  13,  15,  17,  18, 22,
                                23, 28, 40, 41,  42,  43,  50,  51,  54,  58,  59, 60,
                                66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135};
constexpr P kGrubParameters[] = {1, 3, 6, 15, 17, 43, 66, 67};
constexpr P kPlainParameters[] = {1, 3, 66, 67};

constexpr TftpHabits kRom{
    .block_size = 1456, .probe_error = 0, .open_waits = kRomTftp, .data_waits = kRomTftp};

constexpr Profile kProfilePxe{.name = "pxe",
                              .discover_waits = kPxeDiscover,
                              .request_waits = kPxeRequest,
                              .boot_server_waits = kPxeRequest,
                              .offers = OfferRule::pxe_or_timer,
                              .broadcast_flag = true,
                              .maximum_message_size = 1260,
                              .vendor_class = "PXEClient:Arch:00000:UNDI:002001",
                              .parameters = kPxeParameters,
                              .tftp = kRom,
                              .tftp_later = kRom};

constexpr Profile with_tftp(Profile profile, std::string_view name, const TftpHabits& first,
                            const TftpHabits& later) {
  profile.name = name;
  profile.tftp = first;
  profile.tftp_later = later;
  return profile;
}

constexpr TftpHabits kRom512{
    .block_size = 512, .probe_error = 0, .open_waits = kRomTftp, .data_waits = kRomTftp};
constexpr TftpHabits kPxelinuxTftp{
    .block_size = 1408, .asks_size = true, .open_waits = kPxelinux, .data_waits = kPxelinux};
constexpr TftpHabits kIpxeTftp{.block_size = 1432,
                               .asks_size = true,
                               .open_waits = kIpxeQuarter,
                               .data_waits = kIpxeQuarter,
                               .measures_round_trip = true};
constexpr TftpHabits kEdk2TftpHabits{.block_size = 1468,
                                     .window_size = 4,
                                     .probe_error = 8,
                                     .open_waits = kEdk2Tftp,
                                     .data_waits = kEdk2Tftp};
constexpr TftpHabits kGrubTftpHabits{.block_size = 1024,
                                     .asks_size = true,
                                     .open_waits = kGrubTftp,
                                     .data_waits = kGrubTftp,
                                     .loss = LossRule::wait};
constexpr TftpHabits kPlainTftp{
    .block_size = 1456, .asks_size = true, .open_waits = kPlain, .data_waits = kPlain};

constexpr std::array kProfiles{
    Profile{.name = "ipxe",
            .discover_waits = kIpxeDiscover,
            .request_waits = kIpxeQuarter,
            .boot_server_waits = kIpxeQuarter,
            .offers = OfferRule::proxy_or_2_s,
            .secs = SecsRule::ipxe,
            .vendor_class = "PXEClient:Arch:00000:UNDI:002001",
            .user_class = "iPXE",
            .parameters = kIpxeParameters,
            .tftp = kIpxeTftp,
            .tftp_later = kIpxeTftp},
    Profile{.name = "edk2",
            .discover_waits = kPxeDiscover,
            .request_waits = kPxeDiscover,
            .boot_server_waits = kPxeRequest,
            .offers = OfferRule::at_timer,
            .broadcast_flag = true,
            .architecture = 7,
            .vendor_class = "PXEClient:Arch:00007:UNDI:003000",
            .parameters = kPxeParameters,
            .boot_server_port = 4011,
            .tftp = kEdk2TftpHabits,
            .tftp_later = kEdk2TftpHabits},
    Profile{.name = "grub",
            .discover_waits = kGrubDhcp,
            .request_waits = kGrubDhcp,
            .boot_server_waits = kGrubDhcp,
            .offers = OfferRule::first,
            .secs = SecsRule::unix_time,
            .shares_xid = true,
            .vendor_class = "PXEClient:Arch:00000:UNDI:002001",
            .parameters = kGrubParameters,
            .tftp = kGrubTftpHabits,
            .tftp_later = kGrubTftpHabits},
    kProfilePxe,
    with_tftp(kProfilePxe, "pxe512", kRom512, kRom512),
    with_tftp(kProfilePxe, "pxelinux", kRom, kPxelinuxTftp),
    Profile{.name = "plain",
            .discover_waits = kPlain,
            .request_waits = kPlain,
            .boot_server_waits = kPlain,
            .offers = OfferRule::first,
            .vendor_class = "PXEClient:Arch:00000:UNDI:002001",
            .parameters = kPlainParameters,
            .tftp = kPlainTftp,
            .tftp_later = kPlainTftp},
};

}  // namespace

std::span<const Profile> profiles() {
  return kProfiles;
}

std::optional<std::uint8_t> profile_named(std::string_view name) {
  for (std::size_t i = 0; i < kProfiles.size(); ++i) {
    if (kProfiles[i].name == name) return static_cast<std::uint8_t>(i);
  }
  return std::nullopt;
}

}  // namespace reveille::storm
