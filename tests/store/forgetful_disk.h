// A disk that keeps what was synced, and nothing else, when the power goes.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>

#include "store/watched_disk.h"

namespace reveille::test {

class ForgetfulDisk final : public WatchedDisk {
 public:
  // What another machine would find on this disk if the power went now: each file as it was at its
  // last sync, in `folder`.
  void leave_to(const std::string& folder) const {
    for (const auto& [path, contents] : kept_) {
      const auto name = std::filesystem::path(path).filename();
      std::ofstream(std::filesystem::path(folder) / name, std::ios::binary) << contents;
    }
  }
  [[nodiscard]] int syncs(const std::string& path) const {
    const auto found = syncs_.find(path);
    return found == syncs_.end() ? 0 : found->second;
  }

 private:
  void synced(const std::string& path) override {
    std::ifstream file(path, std::ios::binary);
    kept_[path].assign(std::istreambuf_iterator<char>(file), {});
    ++syncs_[path];
  }

  void removed(const std::string& path) override { kept_.erase(path); }

  std::map<std::string, std::string> kept_;
  std::map<std::string, int> syncs_;
};

}  // namespace reveille::test
