#include "control/config/config_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <tl/expected.hpp>
#include <toml++/toml.h>

#include "control/config/config_tables.h"
#include "control/config/rule_table.h"
#include "control/config/toml_shape.h"

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

void read_file(TableReader& file, Config& to, std::vector<std::string>& host_files) {
  read_interfaces(file, to.interfaces);
  file.table("dhcp", [&](TableReader& table) { read_dhcp(table, to.dhcp); });
  read_subnets(file, to.subnets);
  read_pools(file, to.pools);
  read_hosts(file, to.hosts);
  read_templates(file, to.templates);
  read_rules(file, to.rules);
  file.table("hosts", [&](TableReader& table) { read_host_file_names(table, host_files); });
  file.table("boot", [&](TableReader& table) { read_boot(table, to.boot); });
  file.table("relay", [&](TableReader& table) { read_relay(table, to.relay); });
  file.table("tftp", [&](TableReader& table) { read_tftp(table, to.tftp); });
  file.table("leases", [&](TableReader& table) { read_leases(table, to.leases); });
  file.table("images", [&](TableReader& table) { read_images(table, to.images); });
  read_disks(file, to.disks);
  file.table("disks", [&](TableReader& table) { read_disk_limits(table, to.disk_limits); });
  file.table("workers", [&](TableReader& table) { read_workers(table, to.workers); });
  file.table("log", [&](TableReader& table) { read_log(table, to.log); });
  file.table("control", [&](TableReader& table) { read_control(table, to.control); });
  file.finish();
}

// A script in the configuration itself is a template that nobody has given a name.
void name_inline_script(ParsedConfig& parsed, std::string& script, std::string name,
                        const std::string& key) {
  if (!script.starts_with("#!ipxe")) return;
  auto& templates = parsed.config.templates;
  const Origin origin = parsed.origins.of(key);
  if (templates.size() == kTemplatesMax) {
    parsed.problems.error(origin, "there are more than " + std::to_string(kTemplatesMax) +
                                      " templates, with the scripts of [boot] and rules");
    script.clear();
    return;
  }
  const std::string path = element("template", templates.size());
  for (const char* const part : {"", ".name", ".text"}) {
    parsed.origins.set(path + part, origin);
  }
  templates.push_back({.name = name, .text = std::move(script)});
  script = std::move(name);
}

void name_inline_scripts(ParsedConfig& parsed) {
  name_inline_script(parsed, parsed.config.boot.ipxe_script, kInlineScriptName, "boot.ipxe_script");
  for (std::size_t i = 0; i < parsed.config.rules.size(); ++i) {
    name_inline_script(parsed, parsed.config.rules[i].ipxe_script,
                       "rule-" + std::to_string(i + 1) + ".ipxe",
                       element("rule", i) + ".ipxe_script");
  }
}

// The text of a file, one octet more than `size_max` at most; or why it cannot be read.
tl::expected<std::string, std::string> read_text(const std::string& file, std::size_t size_max) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) return tl::unexpected<std::string>("there is no such file");
  if (std::filesystem::is_directory(status)) {
    return tl::unexpected<std::string>("is a folder, not a file");
  }
  std::ifstream stream(file, std::ios::binary);
  const auto failed = [] {
    return tl::unexpected("cannot be read: " + std::string(std::strerror(errno)));
  };
  if (!stream) return failed();
  // A device or a pipe has no size to ask for.
  std::string text(size_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return failed();
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

void read_template_files(ParsedConfig& parsed) {
  for (std::size_t i = 0; i < parsed.config.templates.size(); ++i) {
    TemplateConfig& one = parsed.config.templates[i];
    if (one.file.empty()) continue;
    const Origin origin = parsed.origins.of(element("template", i) + ".file");
    auto text = read_text(one.file, kTemplateBytesMax);
    if (!text) {
      parsed.problems.error(origin, "file " + in_quotes(one.file) + ": " + text.error());
    } else if (text->size() > kTemplateBytesMax) {
      parsed.problems.error(origin, "file " + in_quotes(one.file) + " is longer than " +
                                        std::to_string(kTemplateBytesMax) + " octets");
    } else {
      one.text = std::move(*text);
    }
  }
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
    read_file(reader, parsed.config, parsed.host_files);
    parsed.readable = true;
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    parsed.problems.error({.option = {}, .line = at.line, .column = at.column}, syntax_text(error));
    return parsed;
  }
  const std::filesystem::path folder = std::filesystem::path(std::move(file)).parent_path();
  resolve(parsed.config.images.root, folder);
  for (std::string& name : parsed.host_files) resolve(name, folder);
  resolve(parsed.config.log.file, folder);
  for (TemplateConfig& one : parsed.config.templates) resolve(one.file, folder);
  name_inline_scripts(parsed);
  resolve(parsed.config.control.socket, folder);
  if (!parsed.config.leases.in_memory()) resolve(parsed.config.leases.database, folder);
  for (DiskConfig& disk : parsed.config.disks) {
    resolve(disk.file, folder);
    resolve(disk.overlay_folder, folder);
  }
  resolve(parsed.config.disk_limits.work_folder, folder);
  return parsed;
}

ParsedConfig read_config(const std::string& file) {
  const auto failed = [&file](const std::string& why) {
    ParsedConfig parsed;
    parsed.problems = Problems(file);
    parsed.problems.error({}, why);
    return parsed;
  };
  // One octet over the limit is enough to know.
  const auto text = read_text(file, kConfigBytesMax);
  if (!text) return failed(text.error());
  ParsedConfig parsed = parse_config(*text, file);
  read_template_files(parsed);
  return parsed;
}

}  // namespace reveille
