#include "image/tree.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <utility>

#include "image/catalogue.h"
#include "image/reason.h"

namespace reveille {

namespace {

std::string joined(const std::string& folder, const std::string& entry) {
  return folder.empty() ? entry : folder + "/" + entry;
}

const char* kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "a pipe, not a file";
  if (S_ISSOCK(mode)) return "a socket, not a file";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device, not a file";
  return "not a file";
}

class Walk {
 public:
  Walk(const ImageFolder& folder, const TreeLimits& limits, const FolderVisitor& on_folder)
      : folder_(folder), limits_(limits), on_folder_(on_folder) {}

  Tree run() {
    visit_folder("", "");
    std::ranges::sort(tree_.files, {}, &FoundFile::name);
    if (problems_left_out_ != 0) {
      tree_.problems.push_back({"", std::to_string(problems_left_out_) + " problems more"});
    }
    return std::move(tree_);
  }

 private:
  void add_problem(std::string file, std::string text) {
    if (tree_.problems.size() < limits_.problems_max) {
      tree_.problems.push_back({std::move(file), std::move(text)});
    } else {
      ++problems_left_out_;
    }
  }

  // `name` is how clients call the folder, `path` where it lies.
  void visit_folder(const std::string& name, const std::string& path) {
    FileDescriptor opened = folder_.open_below(path, O_RDONLY | O_DIRECTORY);
    struct stat status {};
    if (!opened || fstat(opened.number(), &status) != 0) {
      return add_problem(name, "cannot be opened: " + reason(errno));
    }
    const std::pair<dev_t, ino_t> self{status.st_dev, status.st_ino};
    if (std::ranges::find(ancestors_, self) != ancestors_.end()) {
      return add_problem(name, "symbolic link to a folder that contains it");
    }
    if (ancestors_.size() > limits_.depth_max) {
      return add_problem(name, "folders more than " + std::to_string(limits_.depth_max) + " deep");
    }
    if (++folders_ > limits_.folders_max) {
      if (folders_ == limits_.folders_max + 1) {
        add_problem(name, "this folder and others are left out: more than " +
                              std::to_string(limits_.folders_max) + " folders");
      }
      return;
    }
    if (on_folder_) on_folder_(path, opened.number());
    ancestors_.push_back(self);
    for (const std::string& entry : list(name, std::move(opened))) visit_entry(name, path, entry);
    ancestors_.pop_back();
  }

  // Sorted, so that what a limit leaves out does not depend on the file system.
  std::vector<std::string> list(const std::string& name, FileDescriptor opened) {
    std::vector<std::string> entries;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{fdopendir(opened.number()), &closedir};
    if (!stream) {
      add_problem(name, "cannot be listed: " + reason(errno));
      return entries;
    }
    (void)opened.release();  // the stream closes it
    errno = 0;
    while (const dirent* entry = readdir(stream.get())) {
      const std::string_view file{entry->d_name};
      if (file == "." || file == "..") continue;
      if (entries.size() == limits_.files_max) break;
      entries.emplace_back(file);
    }
    if (errno != 0) {
      add_problem(name, "cannot be listed: " + reason(errno));
    }
    std::ranges::sort(entries);
    return entries;
  }

  void visit_entry(const std::string& folder_name, const std::string& folder_path,
                   const std::string& entry) {
    const std::string name = joined(folder_name, entry);
    if (name.size() > kImageNameLengthMax) {
      return add_problem(name,
                         "name longer than " + std::to_string(kImageNameLengthMax) + " bytes");
    }
    if (entry.find('\\') != std::string::npos) {
      return add_problem(name, "no client can ask for a name with a backslash");
    }
    std::string path = joined(folder_path, entry);
    FileDescriptor opened = folder_.open_below(path, O_PATH | O_NOFOLLOW);
    struct stat status {};
    if (opened && fstat(opened.number(), &status) == 0 && S_ISLNK(status.st_mode)) {
      auto target = folder_.resolve(path);
      if (!target) return add_problem(name, std::move(target.error()));
      path = std::move(*target);
      opened = folder_.open_below(path, O_PATH | O_NOFOLLOW);
    }
    if (!opened || fstat(opened.number(), &status) != 0) {
      if (errno == ENOENT) return;  // removed while we look
      return add_problem(name, "cannot be read: " + reason(errno));
    }
    if (S_ISDIR(status.st_mode)) return visit_folder(name, path);
    if (!S_ISREG(status.st_mode)) return add_problem(name, kind_of(status.st_mode));
    add_file(name, std::move(path), status);
  }

  void add_file(const std::string& name, std::string path, const struct stat& status) {
    if (tree_.files.size() < limits_.files_max) {
      tree_.files.push_back({name, std::move(path), identity_of(status)});
    } else if (!std::exchange(full_, true)) {
      add_problem(name, "this file and others are left out: more than " +
                            std::to_string(limits_.files_max) + " files");
    }
  }

  const ImageFolder& folder_;
  const TreeLimits& limits_;
  const FolderVisitor& on_folder_;
  Tree tree_;
  std::vector<std::pair<dev_t, ino_t>> ancestors_;
  std::uint32_t folders_ = 0;
  std::uint64_t problems_left_out_ = 0;
  bool full_ = false;
};

}  // namespace

Tree walk(const ImageFolder& folder, const TreeLimits& limits, const FolderVisitor& on_folder) {
  return Walk{folder, limits, on_folder}.run();
}

}  // namespace reveille
