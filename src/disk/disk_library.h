// The configured disks, from their first load through every new version.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>
#include <reveille/instant.h>

#include "disk/disks.h"
#include "image/memory.h"

namespace reveille {

struct DiskNews {
  std::vector<std::string> replaced;  // files of which a new version is served from now on
  std::vector<std::string> problems;  // sentences
};

// Control thread.
class DiskLibrary {
 public:
  DiskLibrary(const Config& config, unsigned workers);
  ~DiskLibrary();  // stops
  DiskLibrary(const DiskLibrary&) = delete;
  DiskLibrary& operator=(const DiskLibrary&) = delete;

  // At start: every disk that can be served. Of the others problems() tells, and poll() looks
  // after them. The error is a sentence: `stop` was requested.
  tl::expected<void, std::string> load(const std::stop_token& stop = {});

  // Each second or so; never waits for a file. News when a file of which clients share the bytes
  // was replaced, or one that could not be served appeared, and has not changed for a moment.
  std::optional<DiskNews> poll(Instant now);

  // From the next disks() on, who may use each disk is as in `configs`: those of the start, in
  // their order, with other clients.
  void allow(const std::vector<DiskConfig>& configs);

  // Sentences for the log, since the last call: disks that are not served, what became of overlays.
  [[nodiscard]] std::vector<std::string> problems();

  // To be published; nullptr when none are configured. A disk that did not change is the same
  // image in the next one.
  [[nodiscard]] std::shared_ptr<const Disks> disks() const { return disks_; }

  // Ends all reading and writing; what workers have asked for is done. After the workers, and
  // while all that disks() ever returned is still there. May be called again.
  void stop();

 private:
  // A configured disk, served or not.
  struct Entry {
    std::shared_ptr<DiskState> state = std::make_shared<DiskState>();
    std::vector<MacPattern> clients;
    std::optional<Disk> disk;  // the newest version
    std::string problem;       // why there is none
    DiskIdentity seen;         // at the last look
    DiskIdentity served;
    DiskIdentity refused;  // could not be loaded: not tried again
    Instant next_try{};    // of one that waits for another program
  };
  using Loaded = tl::expected<Disk, std::string>;  // without clients

  [[nodiscard]] Loaded load_disk(std::size_t index, const std::stop_token& stop);
  [[nodiscard]] bool is_due(std::size_t index, Instant now);
  std::optional<DiskNews> take_in();
  void publish();

  const std::vector<DiskConfig> configs_;  // also read by the thread that loads
  DisksConfig limits_;
  ImageMemory memory_;
  std::vector<Entry> entries_;  // in the order of configs_
  std::vector<std::string> problems_;
  std::shared_ptr<DiskIo> io_;
  std::shared_ptr<const Disks> disks_;
  Instant next_look_{};

  std::size_t loading_index_ = 0;
  std::stop_source stop_;
  std::future<Loaded> loading_;  // last, so that it ends first
};

}  // namespace reveille
