#include <filesystem>

#include "control/config/problem.h"
#include "control/import/import_options.h"
#include "control/import/imported.h"
#include "text/lines.h"
#include "text/utf8.h"

namespace reveille {

std::string_view import_format(std::string_view text, std::string_view file) {
  std::size_t semicolons = 0;
  std::size_t others = 0;
  bool first = true;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    if (line.empty() || line.starts_with('#') || line.starts_with("//")) continue;
    if (first && (line.starts_with('{') || line.starts_with("/*"))) return "kea";
    first = false;
    ++(line.ends_with(';') || line.ends_with('{') || line.ends_with('}') ? semicolons : others);
  }
  const std::string name = std::filesystem::path(file).filename().string();
  if (name.starts_with("dhcpd")) return "dhcpd";
  return semicolons > others ? "dhcpd" : "dnsmasq";
}

namespace {

// Names go out as they are written here, so what they were written in counts.
void remark_encoding(std::string_view text, Imported& imported) {
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (is_utf8(line)) continue;
    return imported.remark(std::to_string(number), line,
                           "not UTF-8, here and perhaps further on: octets over 127 were taken for "
                           "Latin-1, and clients get them as UTF-8");
  }
}

}  // namespace

ImportResult import_text(std::string_view text, std::string_view format, std::string_view file) {
  ImportResult imported = tl::unexpected("there is no format " + in_quotes(format) +
                                         "; there are dnsmasq, dhcpd and kea");
  if (format == "dnsmasq") imported = import_dnsmasq(text);
  if (format == "dhcpd") imported = import_dhcpd(text);
  if (format == "kea") imported = import_kea(text);
  if (!imported) return imported;
  imported->source = std::filesystem::path(file).filename().string();
  if (imported->subnets.empty() && imported->mode == DhcpMode::server) {
    imported->mode = DhcpMode::off;
    imported->remark("", "", "there is no subnet, so DHCP is off");
  }
  remark_encoding(text, *imported);
  settle(*imported);
  return imported;
}

}  // namespace reveille
