#include "disk/disk_library.h"

#include <algorithm>

namespace reveille {
namespace {

constexpr Nanoseconds kLook = std::chrono::seconds{1};

}  // namespace

DiskLibrary::DiskLibrary(const Config& config, unsigned workers)
    : configs_(config.disks), limits_(config.disk_limits), memory_(limits_.memory_max_bytes) {
  for (std::size_t i = 0; i < configs_.size(); ++i) {
    states_.push_back(std::make_shared<DiskState>());
    clients_.push_back(configs_[i].clients);
  }
  watched_.resize(configs_.size());
  // A later version may not fit the memory any more: the threads are there in any case.
  if (!configs_.empty()) io_ = std::make_shared<DiskIo>(workers);
}

DiskLibrary::~DiskLibrary() {
  stop_.request_stop();
  if (loading_.valid()) loading_.wait();
}

DiskLibrary::Loaded DiskLibrary::load_disk(std::size_t index, const std::stop_token& stop) {
  const DiskConfig& config = configs_[index];
  auto base = DiskBase::open(config, limits_.work_folder, memory_, stop);
  if (!base) {
    return tl::unexpected("disk " + config.address->text() + ": " + config.file + " " +
                          base.error());
  }
  Disk disk{.address = *config.address,
            .image = {},
            .base = base->get(),
            .state = states_[index],
            .clients = {}};
  if (config.mode == DiskMode::shared && config.overlay == OverlayPlace::memory &&
      !disk.base->in_memory()) {
    return tl::unexpected("disk " + config.address->text() + ": " + config.file +
                          " does not fit memory_max of [disks]; raise it, or set overlay = "
                          "\"file\" and an overlay_folder");
  }
  disk.image = std::make_shared<const Image>(config.file, std::move(*base), Digest{});
  return disk;
}

tl::expected<void, std::string> DiskLibrary::load(const std::stop_token& stop) {
  if (configs_.empty()) return {};
  auto disks = std::make_shared<Disks>();
  disks->limits = limits_;
  disks->io = io_;
  for (std::size_t i = 0; i < configs_.size(); ++i) {
    auto disk = load_disk(i, stop);
    if (!disk) return tl::unexpected(disk.error());
    watched_[i].seen = watched_[i].served = disk->base->identity();
    disk->clients = clients_[i];
    disks->all.push_back(std::move(*disk));
  }
  disks->index();
  disks_ = std::move(disks);
  return {};
}

void DiskLibrary::allow(const std::vector<DiskConfig>& configs) {
  if (disks_ == nullptr) return;
  auto next = std::make_shared<Disks>(*disks_);
  for (std::size_t i = 0; i < clients_.size() && i < configs.size(); ++i) {
    next->all[i].clients = clients_[i] = configs[i].clients;
  }
  disks_ = std::move(next);
}

std::optional<DiskNews> DiskLibrary::poll(Instant now) {
  if (disks_ == nullptr) return std::nullopt;
  if (loading_.valid()) {
    if (loading_.wait_for(0s) != std::future_status::ready) return std::nullopt;
    return take_in();
  }
  if (now < next_look_) return std::nullopt;
  next_look_ = now + kLook;
  for (std::size_t i = 0; i < configs_.size(); ++i) {
    Watched& watched = watched_[i];
    struct stat status {};
    if (configs_[i].mode == DiskMode::exclusive || stat(configs_[i].file.c_str(), &status) != 0) {
      continue;
    }
    const DiskIdentity found = disk_identity_of(status);
    const bool settled = found == watched.seen;
    watched.seen = found;
    if (!settled || found == watched.served || found == watched.refused) continue;
    loading_index_ = i;
    loading_ =
        std::async(std::launch::async, [this, i] { return load_disk(i, stop_.get_token()); });
    break;
  }
  return std::nullopt;
}

std::optional<DiskNews> DiskLibrary::take_in() {
  Loaded loaded = loading_.get();
  Watched& watched = watched_[loading_index_];
  if (!loaded) {
    watched.refused = watched.seen;
    return DiskNews{.replaced = {},
                    .problems = {loaded.error() + "; the version before it is served on"}};
  }
  watched.served = loaded->base->identity();
  auto next = std::make_shared<Disks>(*disks_);
  loaded->clients = clients_[loading_index_];
  next->all[loading_index_] = std::move(*loaded);
  disks_ = std::move(next);
  return DiskNews{.replaced = {configs_[loading_index_].file}, .problems = {}};
}

}  // namespace reveille
