// The images that are served, from the first load through every change to the last reader.
#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>
#include <reveille/instant.h>

#include "image/catalogue.h"
#include "image/loader.h"
#include "image/memory.h"
#include "image/watch.h"

namespace reveille {

// What a load has changed. Names are below the image folder, bytes as they are.
struct ImageNews {
  bool catalogue_changed = false;
  std::vector<std::string> added;
  std::vector<std::string> replaced;
  std::vector<std::string> removed;
  std::vector<ImageProblem> problems;  // those that were not there before
};

// How much there is, and where.
struct ImageStock {
  std::size_t images = 0;
  std::uint64_t image_bytes = 0;
  std::uint64_t mapped_bytes = 0;  // of these, read from the file when they are sent
  MemoryUse memory;                // pages taken, retired images included
};

[[nodiscard]] std::string text(const ImageStock& stock);

// Control thread. Looks at the folder at once when the kernel says that it changed, at least each
// ten seconds anyway (writes through a mapping are not announced), and each second where the
// kernel says nothing. Listing the folder happens in poll(), reading files beside it.
class ImageLibrary {
 public:
  // True when no transmitted frame refers to the image any more.
  using TransmitIdle = std::function<bool(const Image&)>;

  ImageLibrary(const ImagesConfig& config, bool ignore_case);
  ~ImageLibrary();  // stops reading, waits for it
  ImageLibrary(const ImageLibrary&) = delete;
  ImageLibrary& operator=(const ImageLibrary&) = delete;

  // At start: everything. The error says why there is no image folder; whatever is wrong with
  // single files is in the news.
  tl::expected<ImageNews, std::string> load(const std::stop_token& stop = {});

  // Ten times a second or more; never waits for a file. News when a change has been taken in: a
  // file that is complete on disk is here within a second and the time to read it.
  std::optional<ImageNews> poll(Instant now);

  // To be published. An image that did not change is the same object in the next catalogue.
  [[nodiscard]] std::shared_ptr<const Catalogue> catalogue() const { return catalogue_; }
  [[nodiscard]] ImageStock stock() const;

  // Images that left the catalogue go once nothing refers to them: no catalogue (let go of a
  // snapshot only after its grace period), no transfer, no frame on its way. How many went.
  std::size_t retire(const TransmitIdle& transmit_idle);
  [[nodiscard]] std::size_t retired() const { return retired_.size(); }

 private:
  struct Served {
    FoundFile file;
    std::shared_ptr<const Image> image;
    bool fresh = false;  // as in LoadedFile
  };

  [[nodiscard]] bool due(Instant now);
  tl::expected<Tree, std::string> look();
  [[nodiscard]] std::vector<FoundFile> files_to_read() const;
  ImageNews take_in(std::vector<LoadedFile> loaded);
  void take_in_file(LoadedFile loaded, std::vector<ImageProblem>& problems);
  void note_problems(std::vector<ImageProblem> problems, ImageNews& news);
  void publish(ImageNews& news);

  const ImagesConfig config_;
  const bool ignore_case_;
  ImageMemory memory_;
  FolderWatch watch_;

  std::shared_ptr<const ImageFolder> folder_;
  Tree tree_;                             // what the last look found
  std::map<std::string, Served> served_;  // by name
  std::shared_ptr<const Catalogue> catalogue_ = std::make_shared<const Catalogue>();
  std::vector<std::shared_ptr<const Image>> retired_;
  std::vector<ImageProblem> problems_;  // sorted

  std::optional<Instant> first_change_;  // not looked at yet
  Instant last_change_{};
  Instant last_look_{};
  Instant next_check_{};
  bool files_being_written_ = false;

  std::stop_source stop_;
  std::future<std::vector<LoadedFile>> loading_;  // last, so that it ends first
};

}  // namespace reveille
