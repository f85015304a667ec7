#include "image/library.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace reveille {

namespace {

// A burst of changes (rsync, cp -r) is taken in once it pauses, or after a while even if not.
constexpr Nanoseconds kPause = 200ms;
constexpr Nanoseconds kPauseWaitMax = 800ms;
constexpr Nanoseconds kCheckInterval = 500ms;
constexpr Nanoseconds kLookInterval = 10s;
constexpr Nanoseconds kLookIntervalUnwatched = 1s;

bool same_content(const Image& a, const Image& b) {
  return a.size() == b.size() && a.sha256() == b.sha256();
}

}  // namespace

ImageLibrary::ImageLibrary(const ImagesConfig& config, bool ignore_case)
    : config_(config), ignore_case_(ignore_case), memory_(config.memory_max_bytes) {}

ImageLibrary::~ImageLibrary() {
  stop_.request_stop();
  if (loading_.valid()) loading_.wait();
}

tl::expected<ImageNews, std::string> ImageLibrary::load(const std::stop_token& stop) {
  auto tree = look();
  if (!tree) return tl::unexpected(config_.root + ": " + tree.error());
  tree_ = std::move(*tree);
  return take_in(reveille::load(*folder_, files_to_read(), memory_, {}, stop));
}

std::optional<ImageNews> ImageLibrary::poll(Instant now) {
  if (watch_.changed()) {
    if (!first_change_) first_change_ = now;
    last_change_ = now;
  }
  if (loading_.valid()) {
    if (loading_.wait_for(0s) != std::future_status::ready) return std::nullopt;
    ImageNews news = take_in(loading_.get());
    if (!news.catalogue_changed && news.problems.empty()) return std::nullopt;
    return news;
  }
  if (!due(now)) return std::nullopt;
  first_change_.reset();
  last_look_ = now;
  auto tree = look();
  if (!tree) {
    // Moved away, perhaps to be replaced: what was there is still served.
    ImageNews news;
    note_problems({{"", tree.error()}}, news);
    return news.problems.empty() ? std::nullopt : std::optional{std::move(news)};
  }
  tree_ = std::move(*tree);
  LoadOptions options{.wait_for_quiet = true, .being_written = watch_.being_written()};
  loading_ = std::async(std::launch::async, [this, folder = folder_, files = files_to_read(),
                                             options = std::move(options)]() mutable {
    return reveille::load(*folder, std::move(files), memory_, options, stop_.get_token());
  });
  return std::nullopt;
}

bool ImageLibrary::due(Instant now) {
  if (first_change_ && (now - last_change_ >= kPause || now - *first_change_ >= kPauseWaitMax)) {
    return true;
  }
  if (now < next_check_) return false;
  next_check_ = now + kCheckInterval;
  const Nanoseconds interval = watch_.complete() ? kLookInterval : kLookIntervalUnwatched;
  if (now - last_look_ >= interval || files_being_written_) return true;
  const auto torn = [](const auto& served) { return !served.second.image->intact(); };
  if (std::ranges::any_of(served_, torn)) return true;
  // The folder's own name may lead elsewhere now, which nothing inside it announces.
  const auto folder = ImageFolder::open(config_.root);
  return !folder || !folder_ || folder->identity().inode != folder_->identity().inode ||
         folder->identity().device != folder_->identity().device;
}

tl::expected<Tree, std::string> ImageLibrary::look() {
  auto folder = ImageFolder::open(config_.root);
  if (!folder) return tl::unexpected(std::move(folder.error()));
  folder_ = std::make_shared<const ImageFolder>(std::move(*folder));
  watch_.begin();
  Tree tree =
      walk(*folder_, {.files_max = config_.files_max},
           [this](const std::string& path, int descriptor) { watch_.add(path, descriptor); });
  watch_.end();
  return tree;
}

std::vector<FoundFile> ImageLibrary::files_to_read() const {
  std::vector<FoundFile> files;
  for (const FoundFile& found : tree_.files) {
    const auto served = served_.find(found.name);
    const bool unchanged = served != served_.end() && !served->second.fresh &&
                           served->second.file.identity == found.identity &&
                           served->second.image->intact();
    if (!unchanged) files.push_back(found);
  }
  return files;
}

ImageNews ImageLibrary::take_in(std::vector<LoadedFile> loaded) {
  ImageNews news;
  std::vector<ImageProblem> problems = tree_.problems;
  std::erase_if(served_, [this](const auto& served) {
    return !std::ranges::binary_search(tree_.files, served.first, {}, &FoundFile::name);
  });
  files_being_written_ = false;
  for (LoadedFile& file : loaded) take_in_file(std::move(file), problems);
  publish(news);
  if (ignore_case_) {
    for (const auto& [name, served] : served_) {
      const Image* const found = catalogue_->find(name);
      if (found == served.image.get()) continue;
      problems.push_back(
          {name, "differs only in case from " + found->name() + ", which is served in its place"});
    }
  }
  if (const std::uint64_t plain = memory_.use()[MemoryKind::plain]; plain != 0) {
    problems.push_back({"",
                        "some images could not be locked in memory and may be swapped out: "
                        "raise LimitMEMLOCK (RLIMIT_MEMLOCK) or reserve hugepages"});
  }
  if (!watch_.complete()) {
    problems.push_back({"",
                        "changes are looked for once a second, because the kernel announces "
                        "none: raise fs.inotify.max_user_watches"});
  }
  note_problems(std::move(problems), news);
  return news;
}

void ImageLibrary::take_in_file(LoadedFile loaded, std::vector<ImageProblem>& problems) {
  const auto served = served_.find(loaded.file.name);
  const bool old_is_whole = served != served_.end() && served->second.image->intact();
  if (loaded.image != nullptr) {
    // Touched or copied over itself: who reads it reads on.
    if (old_is_whole && same_content(*served->second.image, *loaded.image)) {
      loaded.image = served->second.image;
    }
    served_.insert_or_assign(loaded.file.name,
                             Served{loaded.file, std::move(loaded.image), loaded.fresh});
    return;
  }
  if (!loaded.problem.empty()) problems.push_back({loaded.file.name, std::move(loaded.problem)});
  files_being_written_ |= loaded.being_written;
  // While the new one is being written the old one is served, as long as it is whole.
  if (served != served_.end() && !(loaded.being_written && old_is_whole)) served_.erase(served);
}

void ImageLibrary::note_problems(std::vector<ImageProblem> problems, ImageNews& news) {
  std::sort(problems.begin(), problems.end());
  std::set_difference(problems.begin(), problems.end(), problems_.begin(), problems_.end(),
                      std::back_inserter(news.problems));
  problems_ = std::move(problems);
}

void ImageLibrary::publish(ImageNews& news) {
  std::map<std::string, std::shared_ptr<const Image>> before;
  for (const auto& image : catalogue_->images()) before.emplace(image->name(), image);
  std::vector<std::shared_ptr<const Image>> images;
  images.reserve(served_.size());
  for (const auto& [name, served] : served_) {
    images.push_back(served.image);
    const auto old = before.find(name);
    if (old == before.end()) {
      news.added.push_back(name);
    } else if (old->second == served.image) {
      before.erase(old);
    } else {
      news.replaced.push_back(name);
    }
  }
  for (const auto& [name, image] : before) {
    if (!served_.contains(name)) news.removed.push_back(name);
    retired_.push_back(image);
  }
  news.catalogue_changed = !news.added.empty() || !news.replaced.empty() || !news.removed.empty();
  if (!news.catalogue_changed) return;
  catalogue_ = std::make_shared<const Catalogue>(std::move(images),
                                                 Catalogue::Options{.ignore_case = ignore_case_});
}

std::size_t ImageLibrary::retire(const TransmitIdle& transmit_idle) {
  return std::erase_if(retired_, [&](const std::shared_ptr<const Image>& image) {
    return image.use_count() == 1 && image->unread() && transmit_idle(*image);
  });
}

}  // namespace reveille
