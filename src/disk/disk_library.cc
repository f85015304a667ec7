#include "disk/disk_library.h"

#include <algorithm>
#include <iterator>

namespace reveille {
namespace {

constexpr Nanoseconds kLook = std::chrono::seconds{1};
// A private disk that another program had open: its file need not change when that ends.
constexpr Nanoseconds kTryAgain = std::chrono::seconds{10};

DiskIdentity identity_of(const std::string& file) {
  struct stat status {};
  return stat(file.c_str(), &status) == 0 ? disk_identity_of(status) : DiskIdentity{};
}

bool has_file_overlay(const DiskConfig& disk) {
  return disk.mode == DiskMode::shared && disk.overlay == OverlayPlace::file;
}

}  // namespace

DiskLibrary::DiskLibrary(const Config& config, unsigned workers)
    : configs_(config.disks),
      limits_(config.disk_limits),
      memory_(limits_.memory_max_bytes),
      entries_(configs_.size()) {
  for (std::size_t i = 0; i < configs_.size(); ++i) entries_[i].clients = configs_[i].clients;
  // A later version may not fit the memory any more: the threads are there in any case.
  if (!configs_.empty()) io_ = std::make_shared<DiskIo>(workers);
}

DiskLibrary::~DiskLibrary() {
  stop();
}

void DiskLibrary::stop() {
  stop_.request_stop();
  if (loading_.valid()) loading_.wait();
  if (io_ != nullptr) io_->stop();
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
            .state = entries_[index].state,
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
  for (std::size_t i = 0; i < configs_.size(); ++i) {
    Entry& entry = entries_[i];
    entry.seen = identity_of(configs_[i].file);
    auto disk = load_disk(i, stop);
    if (stop.stop_requested()) {
      return tl::unexpected(std::string("interrupted while loading disks"));
    }
    if (!disk) {
      entry.refused = entry.seen;
      entry.problem = std::move(disk.error());
      problems_.push_back(entry.problem + "; it is not served");
      continue;
    }
    entry.served = disk->base->identity();
    entry.disk = std::move(*disk);
  }
  publish();
  return {};
}

void DiskLibrary::publish() {
  auto next = std::make_shared<Disks>();
  next->limits = limits_;
  next->io = io_;
  next->overlays_in_files = std::ranges::any_of(configs_, has_file_overlay);
  for (std::size_t i = 0; i < configs_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.disk) {
      next->all.push_back(*entry.disk);
      next->all.back().clients = entry.clients;
    } else {
      next->unserved.push_back({.config = configs_[i], .problem = entry.problem});
    }
  }
  next->index();
  disks_ = std::move(next);
}

void DiskLibrary::allow(const std::vector<DiskConfig>& configs) {
  if (disks_ == nullptr) return;
  for (std::size_t i = 0; i < entries_.size() && i < configs.size(); ++i) {
    entries_[i].clients = configs[i].clients;
  }
  publish();
}

std::vector<std::string> DiskLibrary::problems() {
  std::vector<std::string> all = std::exchange(problems_, {});
  if (io_ != nullptr) std::ranges::move(io_->problems(), std::back_inserter(all));
  return all;
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
    if (!is_due(i, now)) continue;
    loading_index_ = i;
    loading_ =
        std::async(std::launch::async, [this, i] { return load_disk(i, stop_.get_token()); });
    break;
  }
  return std::nullopt;
}

// Whether there is a version of the disk that should be loaded now.
bool DiskLibrary::is_due(std::size_t index, Instant now) {
  Entry& entry = entries_[index];
  const bool is_private = configs_[index].mode == DiskMode::exclusive;
  if (is_private && entry.disk) return false;
  const DiskIdentity found = identity_of(configs_[index].file);
  if (found == DiskIdentity{}) return false;
  const bool settled = found == entry.seen;
  entry.seen = found;
  if (is_private && now >= entry.next_try) {
    entry.next_try = now + kTryAgain;
    return true;
  }
  return settled && found != entry.served && found != entry.refused;
}

std::optional<DiskNews> DiskLibrary::take_in() {
  Loaded loaded = loading_.get();
  Entry& entry = entries_[loading_index_];
  if (!loaded) {
    entry.refused = entry.seen;
    if (!entry.disk && loaded.error() == entry.problem) return std::nullopt;  // told already
    DiskNews news;
    news.problems.push_back(loaded.error() + (entry.disk ? "; the version before it is served on"
                                                         : "; it is not served"));
    if (!entry.disk) {
      entry.problem = std::move(loaded.error());
      publish();
    }
    return news;
  }
  entry.served = loaded->base->identity();
  entry.disk = std::move(*loaded);
  entry.problem.clear();
  publish();
  return DiskNews{.replaced = {configs_[loading_index_].file}, .problems = {}};
}

}  // namespace reveille
