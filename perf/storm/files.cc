#include "storm/files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sstream>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <reveille/wire/checksum.h>

namespace reveille::storm {

tl::expected<std::unique_ptr<MappedFile>, std::string> MappedFile::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return tl::unexpected(path + ": " + std::strerror(errno));
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(fd);
    return tl::unexpected(path + ": is no regular file");
  }
  const auto length = static_cast<std::size_t>(status.st_size);
  void* memory = length == 0 ? nullptr : mmap(nullptr, length, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) return tl::unexpected(path + ": " + std::strerror(errno));
  return std::make_unique<MappedFile>(Bytes{static_cast<const std::uint8_t*>(memory), length});
}

MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

std::uint16_t BlockSums::of(Bytes file, std::uint16_t block_size, std::size_t index) {
  auto of_size = std::ranges::find(sizes_, block_size, &OfSize::block_size);
  if (of_size == sizes_.end()) {
    // The last one may be empty.
    sizes_.push_back({block_size, std::vector(file.size() / block_size + 1, kNone)});
    of_size = sizes_.end() - 1;
  }
  std::uint32_t& sum = of_size->sums[index];
  if (sum == kNone) {
    const std::size_t begin = index * block_size;
    sum = wire::sum(file.subspan(begin, std::min<std::size_t>(block_size, file.size() - begin)));
  }
  return static_cast<std::uint16_t>(sum);
}

tl::expected<void, std::string> Files::expect(const std::string& name, const std::string& path) {
  auto mapped = MappedFile::open(path);
  if (!mapped) return tl::unexpected(mapped.error());
  expect(name, (*mapped)->bytes());
  mapped_.push_back(std::move(*mapped));
  return {};
}

void Files::expect(const std::string& name, Bytes bytes) {
  const auto number = static_cast<std::uint16_t>(files_.size());
  files_.push_back({name, true, bytes, {}});
  sums_.emplace_back();
  numbers_[name] = number;
  read_script(number);
}

std::uint16_t Files::number(std::string_view name) {
  if (name.starts_with("tftp://")) {
    const std::size_t slash = name.find('/', 7);
    name = slash == std::string_view::npos ? std::string_view{} : name.substr(slash + 1);
  }
  if (const auto found = numbers_.find(name); found != numbers_.end()) return found->second;
  if (name.empty() || files_.size() >= kNamesMax) return kNoFile;
  const std::string path = root_ + "/" + std::string(name);
  if (!root_.empty()) {
    if (auto mapped = MappedFile::open(path)) {
      const auto number = static_cast<std::uint16_t>(files_.size());
      expect(std::string(name), (*mapped)->bytes());
      mapped_.push_back(std::move(*mapped));
      return number;
    }
  }
  const auto number = static_cast<std::uint16_t>(files_.size());
  files_.push_back({std::string(name), false, {}, {}});
  sums_.emplace_back();
  numbers_[files_.back().name] = number;
  return number;
}

// Only plain commands are understood: kernel, initrd, imgfetch, module and chain with a file of
// the same server. What a script decides by itself (goto, menu, variables) is not played.
void Files::read_script(std::uint16_t number) {
  const Bytes bytes = files_[number].bytes;
  constexpr std::string_view kMagic = "#!ipxe";
  constexpr std::size_t kScriptMax = 65536;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), kScriptMax));
  if (!text.starts_with(kMagic)) return;
  std::vector<std::uint16_t> follows;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string command;
    std::string file;
    words >> command;
    if (command != "kernel" && command != "initrd" && command != "imgfetch" &&
        command != "module" && command != "chain") {
      continue;
    }
    // Options of the command stand before the file.
    while (words >> file && file.starts_with("-")) {
    }
    if (file.empty() || file.find("${") != std::string::npos || file.starts_with("http")) continue;
    if (const std::uint16_t next = this->number(file); next != kNoFile && next != number) {
      follows.push_back(next);
    }
  }
  files_[number].follows = std::move(follows);
}

}  // namespace reveille::storm
