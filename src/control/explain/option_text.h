// DHCP options of a message in words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <reveille/bytes.h>

namespace reveille {

struct OptionText {
  std::uint8_t code = 0;
  std::string name;   // "subnet-mask"; empty: it has no name here
  std::string value;  // one line, safe to print
  std::vector<std::uint8_t> octets;
};

// The options of a message that wire::DhcpView::parse() has taken, each once, in the order in
// which they first stand in it; instances of one code are joined (RFC 3396).
[[nodiscard]] std::vector<OptionText> option_texts(Bytes message);

// Octets as people read them: text in double quotes if it is printable, else hexadecimal.
[[nodiscard]] std::string octets_text(Bytes octets);

// Pairs of hexadecimal digits with `between` between them.
[[nodiscard]] std::string hex_text(Bytes octets, std::string_view between = ":");

}  // namespace reveille
