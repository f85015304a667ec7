// Any text, as the configuration of each of the other servers. The first octet says of which.
#include <array>
#include <cstdint>
#include <string_view>

#include "control/config/config_check.h"
#include "control/config/config_file.h"
#include "control/import/imported.h"
#include "require.h"

namespace reveille {
namespace {

void read(std::string_view format, std::string_view text) {
  const ImportResult imported = import_text(text, format, "the.conf");
  if (!imported) {
    require(!imported.error().empty());
    return;
  }
  const std::string toml = toml_text(*imported);
  ParsedConfig parsed = parse_config(toml, "result.toml");
  // Whatever stood there, what is written is TOML with keys that reveille knows; the checks may
  // still want a hand, but must bear with it.
  require(parsed.readable);
  check_config(parsed.config, parsed.origins, parsed.problems);
  for (const char c : toml) require(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<std::string_view, 3> kFormats{"dnsmasq", "dhcpd", "kea"};
  if (size == 0) return 0;
  reveille::read(kFormats[data[0] % kFormats.size()],
                 {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
