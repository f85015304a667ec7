// Captured frames by name: README.md lists them.
#pragma once

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <reveille/bytes.h>

namespace reveille {

using Octets = std::vector<std::uint8_t>;

// A whole Ethernet frame.
inline Octets captured(const std::string& name) {
  std::ifstream file(std::string{VECTORS "/"} + name + ".hex");
  if (!file) throw std::runtime_error("no captured frame " + name);
  Octets frame;
  std::string line;
  while (std::getline(file, line)) {
    for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
      frame.push_back(static_cast<std::uint8_t>(std::stoi(line.substr(i, 2), nullptr, 16)));
    }
  }
  return frame;
}

// The UDP payload of a captured untagged frame whose IPv4 header has no options; Ethernet
// padding is left off.
inline Octets captured_payload(const std::string& name) {
  const Octets frame = captured(name);
  const auto end = frame.begin() + 14 + load_be16(&frame[16]);
  return {frame.begin() + 42, end};
}

inline Octets octets(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

// A buffer in which octets that nobody wrote show.
inline Octets unwritten(std::size_t length) {
  return Octets(length, 0xa5);
}

}  // namespace reveille
