#include "control/config/machine_check.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unordered_set>
#include <vector>

#include "control/config/config_check.h"

namespace reveille {
namespace {

namespace fs = std::filesystem;

void add(Problems& problems, Severity severity, Origin origin, std::string text) {
  if (severity == Severity::error) {
    problems.error(origin, std::move(text));
  } else {
    problems.warning(origin, std::move(text));
  }
}

std::vector<std::string> interface_names() {
  std::vector<std::string> names;
  struct if_nameindex* const all = if_nameindex();
  if (all == nullptr) return names;
  for (const auto* each = all; each->if_index != 0; ++each) names.emplace_back(each->if_name);
  if_freenameindex(all);
  return names;
}

void check_interface(const std::string& name, Origin origin, Severity severity,
                     Problems& problems) {
  const std::vector<std::string> names = interface_names();
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  std::string all;
  for (const std::string& one : names) all += (all.empty() ? "" : ", ") + one;
  add(problems, severity, origin,
      "there is no interface " + in_quotes(name) + " here; there are " + all);
}

void check_device(const std::string& address, Origin origin, Severity severity,
                  Problems& problems) {
  const fs::path device = fs::path("/sys/bus/pci/devices") / address;
  std::error_code error;
  if (!fs::exists(device, error)) {
    add(problems, severity, origin, "there is no PCI device " + address + " here");
    return;
  }
  const fs::path driver = fs::read_symlink(device / "driver", error);
  const std::string name = error ? "no driver" : driver.filename().string();
  if (name != "vfio-pci" && !name.starts_with("mlx5")) {
    add(problems, severity, origin,
        "PCI device " + address + " is bound to " + name +
            ", not to vfio-pci; bind it with dpdk-devbind.py -b vfio-pci " + address);
  }
}

// The tap that DPDK would make must not be there yet: it would take an existing one over.
void check_vdev(const std::string& vdev, Origin origin, Severity severity, Problems& problems) {
  constexpr std::string_view kArgument = ",iface=";
  const std::size_t at = vdev.find(kArgument);
  if (!vdev.starts_with("net_tap") || at == std::string::npos) return;
  const std::size_t begin = at + kArgument.size();
  const std::string name = vdev.substr(begin, vdev.find(',', begin) - begin);
  if (if_nametoindex(name.c_str()) == 0) return;
  add(problems, severity, origin,
      "the interface name " + in_quotes(name) + " is taken; net_tap makes a new interface");
}

// A worker that another one's turn keeps waiting answers late, whatever it does.
void check_workers(const Config& config, const Origins& origins, Problems& problems) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  const auto cpus = static_cast<unsigned>(CPU_COUNT(&allowed));
  if (config.workers.count <= cpus) return;
  problems.warning(origins.of("workers.count"),
                   std::to_string(config.workers.count) + " workers share " + std::to_string(cpus) +
                       (cpus == 1 ? " CPU" : " CPUs") + "; each is meant to have one of its own");
}

bool has_capability(unsigned capability) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  return (data[capability / 32].effective & (1U << capability % 32)) != 0;
}

}  // namespace

void check_image_folder(const Config& config, const Origins& origins, Problems& problems) {
  const std::string& root = config.images.root;
  if (root.empty()) return;
  const Origin origin = origins.of("images.root");
  std::error_code error;
  const fs::file_status status = fs::status(root, error);
  if (!fs::exists(status)) {
    problems.error(origin, "there is no image folder " + in_quotes(root));
  } else if (!fs::is_directory(status)) {
    problems.error(origin, in_quotes(root) + " is a file, not an image folder");
  } else if (access(root.c_str(), R_OK | X_OK) != 0) {
    problems.error(
        origin, "the image folder " + in_quotes(root) + " cannot be read: " + std::strerror(errno));
  }
}

void check_boot_files(const Config& config, const Origins& origins, Problems& problems) {
  const std::string& root = config.images.root;
  std::error_code error;
  if (!config.tftp.enabled || config.tftp.ignore_case || !fs::is_directory(root, error)) return;
  const auto is_template = [&config](const std::string& name) {
    return std::ranges::find(config.templates, name, &TemplateConfig::name) !=
           config.templates.end();
  };
  std::unordered_set<std::string_view> seen;
  const auto check = [&](const std::string& name, const std::string& path) {
    const bool ours = !name.empty() && name.find("://") == std::string::npos;
    // Thousands of hosts share a few files.
    if (!ours || !seen.insert(name).second || is_template(name)) return;
    std::string below = name;
    std::replace(below.begin(), below.end(), '\\', '/');
    if (!fs::exists(fs::path(root) / below, error)) {
      problems.warning(origins.of(path), "the image folder " + in_quotes(root) + " has no " +
                                             in_quotes(name) + " (yet)");
    }
  };
  const BootConfig& boot = config.boot;
  for (std::size_t i = 0; i < boot.files.size(); ++i) {
    check(boot.files[i].file, element("boot.files", i));
  }
  check(boot.default_file, "boot.default_file");
  check(boot.ipxe_script, "boot.ipxe_script");
  for (std::size_t i = 0; i < config.subnets.size(); ++i) {
    check(config.subnets[i].boot_file, element("subnet", i) + ".boot_file");
  }
  for (std::size_t i = 0; i < config.hosts.size(); ++i) {
    check(config.hosts[i].boot_file, element("host", i) + ".boot_file");
  }
  for (std::size_t i = 0; i < config.rules.size(); ++i) {
    check(config.rules[i].boot_file, element("rule", i) + ".boot_file");
    check(config.rules[i].ipxe_script, element("rule", i) + ".ipxe_script");
  }
}

void check_disk_files(const Config& config, const Origins& origins, Problems& problems) {
  for (std::size_t i = 0; i < config.disks.size(); ++i) {
    const DiskConfig& disk = config.disks[i];
    const std::string path = element("disk", i);
    std::error_code error;
    // Files come and go while reveille runs; all else is served meanwhile.
    const std::string until = "; the disk is not served until that changes";
    if (!fs::is_regular_file(disk.file, error)) {
      problems.warning(origins.of(path + ".file"),
                       (fs::exists(disk.file, error) ? in_quotes(disk.file) + " is no ordinary file"
                                                     : "there is no file " + in_quotes(disk.file)) +
                           until);
    } else if (access(disk.file.c_str(), disk.mode == DiskMode::exclusive ? R_OK | W_OK : R_OK) !=
               0) {
      problems.warning(origins.of(path + ".file"),
                       in_quotes(disk.file) + " cannot be opened: " + std::strerror(errno) + until);
    }
    if (!disk.overlay_folder.empty() &&
        (!fs::is_directory(disk.overlay_folder, error) ||
         access(disk.overlay_folder.c_str(), R_OK | W_OK | X_OK) != 0)) {
      problems.error(origins.of(path + ".overlay_folder"),
                     in_quotes(disk.overlay_folder) + " is no folder that can be written to");
    }
  }
}

void check_log_file(const Config& config, const Origins& origins, Problems& problems) {
  if (config.log.file.empty()) return;
  fs::path folder = fs::path(config.log.file).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    problems.error(origins.of("log.file"),
                   "there is no folder " + in_quotes(folder.string()) + " for the log file");
  } else if (fs::is_directory(config.log.file, error)) {
    problems.error(origins.of("log.file"),
                   in_quotes(config.log.file) + " is a folder, not a log file");
  }
}

void check_ports(const Config& config, const Origins& origins, Severity severity,
                 Problems& problems) {
  for (std::size_t i = 0; i < config.interfaces.size(); ++i) {
    const InterfaceConfig& port = config.interfaces[i];
    const std::string path = element("interface", i);
    if (!port.interface.empty()) {
      check_interface(port.interface, origins.of(path + ".interface"), severity, problems);
    }
    if (!port.device.empty()) {
      check_device(port.device, origins.of(path + ".device"), severity, problems);
    }
    if (!port.vdev.empty()) {
      check_vdev(port.vdev, origins.of(path + ".vdev"), severity, problems);
    }
  }
}

void check_privileges(const Config& config, const Origins& origins, Problems& problems) {
  for (std::size_t i = 0; i < config.interfaces.size(); ++i) {
    if (config.interfaces[i].interface.empty() || has_capability(CAP_NET_RAW)) continue;
    problems.error(origins.of(element("interface", i) + ".interface"),
                   "packets of a kernel interface are for root, or who has CAP_NET_RAW: run "
                   "reveille with sudo or as a service");
    return;
  }
}

void check_machine(const Config& config, const Origins& origins, Purpose purpose,
                   Problems& problems) {
  check_image_folder(config, origins, problems);
  check_boot_files(config, origins, problems);
  if (purpose == Purpose::replay) return;
  if (purpose == Purpose::reload) return check_log_file(config, origins, problems);
  check_disk_files(config, origins, problems);
  check_workers(config, origins, problems);
  const Severity severity = purpose == Purpose::serve ? Severity::error : Severity::warning;
  check_ports(config, origins, severity, problems);
  if (purpose != Purpose::serve) return;
  check_log_file(config, origins, problems);
  check_privileges(config, origins, problems);
}

}  // namespace reveille
