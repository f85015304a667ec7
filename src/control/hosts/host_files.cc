#include "control/hosts/host_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <tl/expected.hpp>

#include "control/hosts/host_text.h"

namespace reveille {
namespace {

namespace fs = std::filesystem;

bool is_wanted(const fs::path& path) {
  const std::string name = path.filename().string();
  std::error_code error;
  return !name.starts_with('.') && !name.ends_with('~') && fs::is_regular_file(path, error);
}

// A folder that cannot be read to its end is an error: hosts that are missing lose what is kept for
// them.
tl::expected<std::vector<std::string>, std::error_code> files_of(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (is_wanted(entry->path())) files.push_back(entry->path().string());
    if (files.size() > kHostFilesMax) break;
  }
  if (error) return tl::unexpected(error);
  std::ranges::sort(files);
  return files;
}

class HostFiles {
 public:
  explicit HostFiles(ParsedConfig& parsed) : parsed_(parsed) {}

  void read(const std::string& path, Origin origin) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
      return parsed_.problems.error(origin, "there is no hosts file " + in_quotes(path));
    }
    if (!fs::is_directory(status)) return read_file(path, origin);
    const auto files = files_of(path);
    if (!files) return cannot_be_read(path, files.error().message(), origin);
    for (const std::string& file : *files) read_file(file, origin);
  }

 private:
  void cannot_be_read(const std::string& path, const std::string& why, Origin origin) {
    parsed_.problems.error(origin, in_quotes(path) + " cannot be read: " + why);
  }

  void read_file(const std::string& path, Origin origin) {
    if (files_ == kHostFilesMax) {
      parsed_.problems.error(
          origin, "there are more than " + std::to_string(kHostFilesMax) + " hosts files");
    }
    if (++files_ > kHostFilesMax) return;
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
      return cannot_be_read(path, error ? error.message() : "it is no ordinary file", origin);
    }
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    const auto size = stream ? static_cast<std::streamoff>(stream.tellg()) : -1;
    if (size < 0) return cannot_be_read(path, std::strerror(errno), origin);
    if (size > static_cast<std::streamoff>(kHostFileBytesMax)) {
      return parsed_.problems.error(origin, in_quotes(path) + " is larger than 64 MiB");
    }
    std::string text(static_cast<std::size_t>(size), '\0');
    stream.seekg(0);
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!stream && !text.empty()) return cannot_be_read(path, std::strerror(errno), origin);
    text.resize(static_cast<std::size_t>(stream.gcount()));
    parse_hosts(text, parsed_.origins.keep_name(path), kHostsMax, parsed_.config.hosts,
                parsed_.origins, parsed_.problems);
  }

  ParsedConfig& parsed_;
  std::size_t files_ = 0;
};

}  // namespace

void read_host_files(ParsedConfig& parsed) {
  HostFiles files(parsed);
  for (std::size_t i = 0; i < parsed.host_files.size(); ++i) {
    files.read(parsed.host_files[i], parsed.origins.of(element("hosts.files", i)));
  }
}

}  // namespace reveille
