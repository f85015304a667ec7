#include "disk/disk_format.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace reveille {
namespace {

// Virtual Hard Disk Image Format Specification 1.0: the footer, 512 octets at the end.
constexpr std::size_t kVhdFooter = 512;
constexpr std::size_t kVhdSizeOffset = 48;
constexpr std::size_t kVhdTypeOffset = 60;
constexpr std::uint32_t kVhdFixed = 2;

bool begins_with(Bytes bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

bool is_vhd_footer(Bytes end) {
  return end.size() == kVhdFooter && begins_with(end, "conectix");
}

// The exit status of a program that was found in PATH, or a negative errno.
int run(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return -error;
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -errno;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

DiskFormat disk_format(Bytes begin, Bytes end, std::uint64_t file_size) {
  using namespace std::string_view_literals;
  if (begins_with(begin, "QFI\xfb"sv)) return {.foreign = "qcow2"};
  if (begins_with(begin, "vhdxfile"sv)) return {.foreign = "vhdx"};
  if (begins_with(begin, "KDMV"sv)) return {.foreign = "vmdk"};
  if (const auto size = fixed_vhd_size(end, file_size)) return {.foreign = {}, .size_bytes = *size};
  if (is_vhd_footer(end) && load_be32(&end[kVhdTypeOffset]) != kVhdFixed) return {.foreign = "vpc"};
  return {.foreign = {}, .size_bytes = file_size};
}

std::optional<std::uint64_t> fixed_vhd_size(Bytes end, std::uint64_t file_size) {
  if (!is_vhd_footer(end) || load_be32(&end[kVhdTypeOffset]) != kVhdFixed) return std::nullopt;
  const std::uint64_t size = load_be64(&end[kVhdSizeOffset]);
  return size <= file_size - kVhdFooter ? std::optional(size) : std::nullopt;
}

tl::expected<FileDescriptor, std::string> raw_copy(const std::string& file, std::string_view format,
                                                   const std::string& work_folder) {
  std::string copy = work_folder + "/reveille-disk-XXXXXX";
  FileDescriptor placeholder{mkostemp(copy.data(), O_CLOEXEC)};
  if (!placeholder) {
    return tl::unexpected("cannot be converted in " + work_folder + ": " + std::strerror(errno));
  }
  const int status =
      run({"qemu-img", "convert", "-f", std::string(format), "-O", "raw", "--", file, copy});
  FileDescriptor raw{::open(copy.c_str(), O_RDWR | O_CLOEXEC)};
  unlink(copy.c_str());
  if (status == -ENOENT) {
    return tl::unexpected("is a " + std::string(format) +
                          " image, which qemu-img turns into a raw one: install qemu-utils");
  }
  if (status != 0 || !raw) {
    return tl::unexpected("is a " + std::string(format) +
                          " image that qemu-img cannot convert (it says why above)");
  }
  return raw;
}

}  // namespace reveille
