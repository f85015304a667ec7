#include "image/loader.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <map>
#include <numeric>
#include <thread>
#include <tuple>
#include <utility>

#include "image/file_reader.h"

namespace reveille {

namespace {

// The bytes of another image, for a file that has several names.
class SameBytes : public Image::Storage {
 public:
  explicit SameBytes(std::shared_ptr<const Image> original) : original_(std::move(original)) {}
  [[nodiscard]] Bytes bytes() const override { return original_->bytes(); }
  [[nodiscard]] bool resident() const override { return original_->resident(); }
  [[nodiscard]] bool intact() const override { return original_->intact(); }

 private:
  std::shared_ptr<const Image> original_;
};

LoadedFile with_name(const LoadedFile& original, const FoundFile& file) {
  LoadedFile named = original;
  named.file.name = file.name;
  named.file.path = file.path;
  if (original.image) {
    named.image = std::make_shared<const Image>(
        file.name, std::make_unique<SameBytes>(original.image), original.image->digest());
  }
  return named;
}

// For each file, the first one in the list that is the same file under another name.
std::vector<std::size_t> originals_of(const std::vector<FoundFile>& files) {
  std::map<std::pair<dev_t, ino_t>, std::size_t> first;
  std::vector<std::size_t> originals(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const FileIdentity& identity = files[i].identity;
    originals[i] = first.try_emplace({identity.device, identity.inode}, i).first->second;
  }
  return originals;
}

struct Job {
  std::size_t file = 0;
  std::uint64_t size_bytes = 0;
  Placement placement = Placement::mapped;
};

// Smallest first into memory: that is where firmware and menus are, which everybody asks for.
// The jobs come out largest first, which keeps both threads busy to the end.
std::vector<Job> plan(const std::vector<FoundFile>& files,
                      const std::vector<std::size_t>& originals, const ImageMemory& memory) {
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (originals[i] == i) jobs.push_back({.file = i, .size_bytes = files[i].identity.size_bytes});
  }
  std::ranges::sort(jobs, {}, &Job::size_bytes);
  const std::uint64_t used = memory.use().total();
  std::uint64_t room = memory.bytes_max() - std::min(memory.bytes_max(), used);
  for (Job& job : jobs) {
    if (job.size_bytes > room) break;
    room -= job.size_bytes;
    job.placement = Placement::memory;
  }
  std::ranges::reverse(jobs);
  return jobs;
}

}  // namespace

std::vector<LoadedFile> load(const ImageFolder& folder, std::vector<FoundFile> files,
                             ImageMemory& memory, const LoadOptions& options,
                             const std::stop_token& stop) {
  const std::vector<std::size_t> originals = originals_of(files);
  const std::vector<Job> jobs = plan(files, originals, memory);
  std::vector<LoadedFile> loaded(files.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size() && !stop.stop_requested(); i = next++) {
      const Job& job = jobs[i];
      loaded[job.file] = read_file(folder, files[job.file], job.placement, memory, options, stop);
    }
  };
  {
    std::vector<std::jthread> threads;
    const std::size_t wanted = std::min<std::size_t>(options.threads, jobs.size());
    while (threads.size() + 1 < wanted) threads.emplace_back(work);
    work();
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (originals[i] != i) loaded[i] = with_name(loaded[originals[i]], files[i]);
    loaded[i].file.name = std::move(files[i].name);
  }
  return loaded;
}

}  // namespace reveille
