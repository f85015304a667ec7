// What one machine boots.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <reveille/config.h>

namespace reveille {

class Image;

inline constexpr std::uint32_t kNoRule = 0xffffffff;
inline constexpr std::uint16_t kNoDisk = 0xffff;
inline constexpr std::uint16_t kNoPool = 0xffff;
// A pool that a rule names and this configuration does not have.
inline constexpr std::uint16_t kUnknownPool = 0xfffe;

// The decision for one machine. Views borrow from the policy (thus from the snapshot) or from the
// override that was given. What is empty says nothing: the configuration of subnet and server
// holds.
struct BootPlan {
  // File name or URL as the client shall ask for it; empty: nothing to boot.
  std::string_view file{};
  const Image* image = nullptr;           // when it is in our catalogue: gives option 13 its size
  bool script = false;                    // the client runs iPXE and gets its script
  RuleAnswer answer = RuleAnswer::serve;  // anything else: nothing of the above holds
  std::uint32_t rule = kNoRule;           // the place of the rule that decided
  std::uint16_t disk = kNoDisk;           // the place of the disk that `root_path` names

  // Where its address comes from: the place of the [[pool]], or that very one if it is free.
  std::uint16_t pool = kNoPool;
  std::string_view pool_name{};
  std::optional<Ipv4Address> address{};
  std::uint32_t lease_seconds = 0;           // 0: those of its subnet
  std::optional<Ipv4Address> next_server{};  // siaddr and option 66
  std::string_view root_path{};              // option 17
  // Go before those of the subnet.
  std::span<const DhcpOptionConfig> options{};

  // iPXE boots from a disk without any file.
  [[nodiscard]] bool boots(bool ipxe) const {
    return !file.empty() || (ipxe && !root_path.empty());
  }
};

}  // namespace reveille
