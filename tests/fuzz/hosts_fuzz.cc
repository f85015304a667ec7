// Any text, as a hosts file.
#include <cstdint>
#include <string_view>

#include "control/hosts/host_text.h"
#include "require.h"

namespace reveille {
namespace {

void read(std::string_view text) {
  constexpr std::size_t kMax = 50;
  std::vector<HostConfig> hosts;
  Origins origins;
  Problems problems("r.toml");
  parse_hosts(text, "hosts", kMax, hosts, origins, problems);
  require(hosts.size() <= kMax);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    require(hosts[i].mac || hosts[i].uuid || !hosts[i].client_id.empty());
    require(origins.of(element("host", i)).line > 0);
  }
  for (const char c : problems.text()) require(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  for (const Problem& problem : problems.sorted()) {
    require(problem.file == "hosts" && problem.line > 0 && problem.column > 0);
  }
}

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reveille::read({reinterpret_cast<const char*>(data), size});
  return 0;
}
