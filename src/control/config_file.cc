#include "control/config_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <toml++/toml.h>

#include "control/config_tables.h"
#include "control/toml_shape.h"

namespace reveille {
namespace {

// toml++ explains itself in sentences that name its own parser states: the first is enough.
std::string syntax_text(const toml::parse_error& error) {
  std::string text(error.description());
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return "not TOML: " + text;
}

// A path in the file is meant from the file's folder, wherever reveille is started.
void resolve(std::string& path, const std::filesystem::path& folder) {
  if (!path.empty()) path = (folder / path).lexically_normal().string();
}

void read_file(TableReader& file, Config& to) {
  read_interfaces(file, to.interfaces);
  file.table("dhcp", [&](TableReader& table) { read_dhcp(table, to.dhcp); });
  read_subnets(file, to.subnets);
  read_hosts(file, to.hosts);
  file.table("boot", [&](TableReader& table) { read_boot(table, to.boot); });
  file.table("relay", [&](TableReader& table) { read_relay(table, to.relay); });
  file.table("tftp", [&](TableReader& table) { read_tftp(table, to.tftp); });
  file.table("images", [&](TableReader& table) { read_images(table, to.images); });
  file.table("workers", [&](TableReader& table) { read_workers(table, to.workers); });
  file.table("log", [&](TableReader& table) { read_log(table, to.log); });
  file.table("control", [&](TableReader& table) { read_control(table, to.control); });
  file.finish();
}

}  // namespace

ParsedConfig parse_config(std::string_view text, std::string file) {
  ParsedConfig parsed;
  parsed.problems = Problems(file);
  if (auto problem = toml_shape_problem(text)) {
    parsed.problems.error(problem->origin, std::move(problem->text));
    return parsed;
  }
  try {
    const toml::table root = toml::parse(text);
    Reading reading{parsed.origins, parsed.problems, parsed.keys};
    TableReader reader(root, "", "", reading);
    read_file(reader, parsed.config);
    parsed.readable = true;
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    parsed.problems.error({.option = {}, .line = at.line, .column = at.column}, syntax_text(error));
    return parsed;
  }
  const std::filesystem::path folder = std::filesystem::path(std::move(file)).parent_path();
  resolve(parsed.config.images.root, folder);
  resolve(parsed.config.log.file, folder);
  resolve(parsed.config.control.socket, folder);
  return parsed;
}

ParsedConfig read_config(const std::string& file) {
  const auto failed = [&file](const std::string& why) {
    ParsedConfig parsed;
    parsed.problems = Problems(file);
    parsed.problems.error({}, why);
    return parsed;
  };
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) return failed("there is no such file");
  if (std::filesystem::is_directory(status)) return failed("is a folder, not a file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return failed("cannot be read: " + std::string(std::strerror(errno)));
  // One octet over the limit is enough to know; a device or a pipe has no size to ask for.
  std::string text(kConfigBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return failed("cannot be read: " + std::string(std::strerror(errno)));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return parse_config(text, file);
}

}  // namespace reveille
