#include "image/watch.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "temp_folder.h"

namespace reveille {
namespace {

class WatchTest : public testing::Test {
 protected:
  void walk(const std::set<std::string>& paths) {
    watch.begin();
    for (const std::string& path : paths) {
      const FileDescriptor opened{open((folder / path).c_str(), O_RDONLY | O_DIRECTORY)};
      watch.add(path, opened.number());
    }
    watch.end();
  }

  test::TempFolder folder;
  FolderWatch watch;
};

TEST_F(WatchTest, SaysWhenSomethingChanged) {
  folder.write("sub/file", "1");
  walk({"", "sub"});
  EXPECT_TRUE(watch.complete());
  EXPECT_FALSE(watch.changed());
  folder.write("sub/file", "2");
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.changed());
  std::filesystem::rename(folder / "sub/file", folder / "sub/moved");
  EXPECT_TRUE(watch.changed());
  std::filesystem::remove(folder / "sub/moved");
  EXPECT_TRUE(watch.changed());
  std::filesystem::create_directory(folder / "new");
  EXPECT_TRUE(watch.changed());
}

TEST_F(WatchTest, KnowsWhoIsStillWriting) {
  folder.write("sub/file", "1");
  walk({"", "sub"});
  std::ofstream writer{folder / "sub/file", std::ios::app};
  writer << "more" << std::flush;
  EXPECT_FALSE(watch.changed()) << "nothing to look at before it is closed";
  EXPECT_TRUE(watch.being_written().contains("sub/file"));
  writer.close();
  EXPECT_TRUE(watch.changed());
  EXPECT_TRUE(watch.being_written().empty());
}

TEST_F(WatchTest, ForgetsFoldersThatAWalkDidNotFind) {
  folder.write("sub/file", "1");
  walk({"", "sub"});
  walk({""});
  watch.changed();
  folder.write("sub/file", "2");
  EXPECT_FALSE(watch.changed());
}

// fs.inotify.max_queued_events is 16 384 by default; what does not fit is lost, and that is said.
TEST_F(WatchTest, LostMessagesMeanThatEverythingMayHaveChanged) {
  std::ifstream limit_file{"/proc/sys/fs/inotify/max_queued_events"};
  int limit = 0;
  limit_file >> limit;
  if (limit == 0 || limit > 100'000) GTEST_SKIP() << "the queue is too long to fill";
  folder.write("a", "");
  folder.write("b", "");
  walk({""});
  std::ofstream a{folder / "a"};
  std::ofstream b{folder / "b"};
  for (int i = 0; i < limit; ++i) (i % 2 == 0 ? a : b) << "x" << std::flush;
  EXPECT_TRUE(watch.changed());
  EXPECT_TRUE(watch.being_written().empty()) << "who stopped writing is not known any more";
}

}  // namespace
}  // namespace reveille
