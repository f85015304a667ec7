#include "control/import/import.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "control/config/config_check.h"
#include "control/config/config_file.h"
#include "control/console.h"
#include "control/import/imported.h"

namespace reveille {
namespace {

tl::expected<std::string, std::string> read_file(const std::string& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    return tl::unexpected(in_quotes(file) + " is a folder, not a file");
  }
  std::ifstream stream(file, std::ios::binary);
  std::string text(kImportBytesMax + 1, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.eof() && !stream.good()) {
    return tl::unexpected(in_quotes(file) + " cannot be read: " + std::strerror(errno));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kImportBytesMax) return tl::unexpected(in_quotes(file) + " is too large");
  return text;
}

// Never over something that is there.
bool write_file(const std::string& file, const std::string& text) {
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    errno = EEXIST;
    return false;
  }
  std::ofstream stream(file, std::ios::binary);
  stream << text << std::flush;
  return stream.good();
}

}  // namespace

int import_config(const CommandLine& line) {
  const auto text = read_file(line.import_file);
  if (!text) return failed(text.error());
  const std::string format = line.import_format.empty()
                                 ? std::string(import_format(*text, line.import_file))
                                 : line.import_format;
  const auto imported = import_text(*text, format, line.import_file);
  if (!imported) return failed(in_quotes(line.import_file) + ": " + imported.error());
  const std::string toml = toml_text(*imported);
  if (line.import_to.empty()) {
    std::cout << toml;
  } else if (!write_file(line.import_to, toml)) {
    return failed(in_quotes(line.import_to) + " cannot be written: " + std::strerror(errno));
  }
  ParsedConfig parsed = parse_config(toml, line.import_to.empty() ? "the result" : line.import_to);
  check_config(parsed.config, parsed.origins, parsed.problems);
  if (!imported->remarks.empty()) {
    std::cerr << "reveille: warning: " << imported->remarks.size()
              << " remarks stand at the end of the result\n";
  }
  return usable(parsed.problems) ? 0 : 1;
}

}  // namespace reveille
