#include "image/loader.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "image/digest.h"
#include "temp_folder.h"

namespace reveille {
namespace {

std::string content(const Image& image) {
  return {image.bytes().begin(), image.bytes().end()};
}

class LoaderTest : public testing::Test {
 protected:
  std::vector<LoadedFile> load_all(ImageMemory& into, const LoadOptions& options = {},
                                   const std::stop_token& stop = {}) {
    const auto opened = ImageFolder::open(folder.path());
    return load(*opened, walk(*opened, {}, {}).files, into, options, stop);
  }
  std::vector<LoadedFile> load_all() { return load_all(memory); }

  test::TempFolder folder;
  ImageMemory memory{64 << 20};
};

TEST_F(LoaderTest, LoadsFilesOfAllSizesWithTheirHashes) {
  for (const std::size_t size : {0, 1, 63, 64, 65, 4096, 262'143, 262'144, 262'145, 3'000'000}) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 257);
    folder.write("size-" + std::to_string(size), bytes);
  }
  const auto loaded = load_all();
  ASSERT_EQ(loaded.size(), 10U);
  for (const LoadedFile& file : loaded) {
    ASSERT_NE(file.image, nullptr) << file.file.name << ": " << file.problem;
    EXPECT_EQ(file.image->name(), file.file.name);
    EXPECT_EQ("size-" + std::to_string(file.image->size()), file.file.name);
    EXPECT_EQ(file.image->sha256(), digest_of(file.image->bytes()).sha256);
    EXPECT_TRUE(file.image->resident());
    std::ifstream on_disk{folder / file.file.name, std::ios::binary};
    EXPECT_TRUE(
        std::equal(file.image->bytes().begin(), file.image->bytes().end(),
                   std::istreambuf_iterator<char>{on_disk}, std::istreambuf_iterator<char>{},
                   [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }));
  }
}

TEST_F(LoaderTest, TheSmallestFilesAreInMemoryAndTheRestIsMapped) {
  folder.write("small", std::string(100'000, 's'));
  folder.write("middle", std::string(1'000'000, 'm'));
  folder.write("large", std::string(5'000'000, 'l'));
  folder.write("empty", "");
  ImageMemory little{2 << 20};
  for (const LoadedFile& file : load_all(little)) {
    ASSERT_NE(file.image, nullptr) << file.problem;
    EXPECT_EQ(file.image->resident(), file.file.name != "large") << file.file.name;
    EXPECT_EQ(file.image->sha256(), digest_of(file.image->bytes()).sha256);
  }
  ImageMemory none{0};
  for (const LoadedFile& file : load_all(none)) {
    ASSERT_NE(file.image, nullptr) << file.problem;
    EXPECT_EQ(file.image->resident(), file.file.name == "empty") << file.file.name;
  }
  EXPECT_EQ(none.use().total(), 0U);
}

TEST_F(LoaderTest, AFileThatMayNotBeReadIsNamedAndTheRestIsLoaded) {
  folder.write("secret", "x");
  folder.write("public", "x");
  std::filesystem::permissions(folder / "secret", std::filesystem::perms{0});
  std::vector<LoadedFile> loaded;
  {
    const test::AsNobody nobody;
    loaded = load_all();
  }
  ASSERT_EQ(loaded.size(), 2U);
  EXPECT_NE(loaded[0].image, nullptr);
  EXPECT_EQ(loaded[1].file.name, "secret");
  EXPECT_EQ(loaded[1].image, nullptr);
  EXPECT_EQ(loaded[1].problem, "cannot be opened: Permission denied");
}

TEST_F(LoaderTest, AFileThatSomebodyWritesIsNotTaken) {
  folder.write("done", "whole");
  folder.write("half", "hal");
  std::ofstream writer{folder / "half", std::ios::app};
  writer << "f" << std::flush;
  auto loaded = load_all();
  EXPECT_NE(loaded[0].image, nullptr);
  EXPECT_EQ(loaded[1].image, nullptr);
  EXPECT_TRUE(loaded[1].being_written);
  EXPECT_EQ(loaded[1].problem, "is being written; it is served once that is done");
  writer.close();
  loaded = load_all();
  ASSERT_NE(loaded[1].image, nullptr);
  EXPECT_EQ(content(*loaded[1].image), "half");
}

// Leases are for owners: for others the kernel does not say who writes.
TEST_F(LoaderTest, WhereTheKernelCannotTellAFileHasToBeQuiet) {
  if (geteuid() != 0) GTEST_SKIP() << "needs two users";
  folder.write("half", "hal");
  LoadOptions options{.wait_for_quiet = true, .being_written = {}};
  const auto load_as_nobody = [&] {
    const test::AsNobody nobody;
    return load_all(memory, options);
  };
  EXPECT_TRUE(load_as_nobody()[0].being_written) << "changed a moment ago";
  std::this_thread::sleep_for(std::chrono::milliseconds{600});
  EXPECT_NE(load_as_nobody()[0].image, nullptr);
  options.being_written = {"half"};
  EXPECT_TRUE(load_as_nobody()[0].being_written);
}

TEST_F(LoaderTest, AFileWithSeveralNamesIsKeptOnce) {
  folder.write("kernel-6.1", std::string(3'000'000, 'k'));
  folder.link("kernel", "kernel-6.1");
  std::filesystem::create_hard_link(folder / "kernel-6.1", folder / "linux");
  const auto loaded = load_all();
  ASSERT_EQ(loaded.size(), 3U);
  for (const LoadedFile& file : loaded) {
    ASSERT_NE(file.image, nullptr);
    EXPECT_EQ(file.image->name(), file.file.name);
    EXPECT_EQ(file.image->bytes().data(), loaded[0].image->bytes().data());
    EXPECT_EQ(file.image->sum(1, 1001), loaded[0].image->sum(1, 1001));
    EXPECT_EQ(file.image->sha256(), loaded[0].image->sha256());
  }
  EXPECT_LT(memory.use().total(), 6U << 20);
}

TEST_F(LoaderTest, AFileReplacedByALinkOrFolderSinceTheWalkIsNotFollowed) {
  folder.write("file", "x");
  folder.write("other", "y");
  const auto opened = ImageFolder::open(folder.path());
  auto files = walk(*opened, {}, {}).files;
  std::filesystem::remove(folder / "file");
  folder.link("file", "/etc/passwd");
  std::filesystem::remove(folder / "other");
  const auto loaded = load(*opened, files, memory, {}, {});
  EXPECT_EQ(loaded[0].image, nullptr);
  EXPECT_NE(loaded[0].problem, "");
  EXPECT_EQ(loaded[1].image, nullptr);
  EXPECT_EQ(loaded[1].problem, "") << "a file that was removed is no problem";
}

TEST_F(LoaderTest, StopsWhenAsked) {
  folder.write("file", "x");
  std::stop_source stop;
  stop.request_stop();
  const auto loaded = load_all(memory, {}, stop.get_token());
  ASSERT_EQ(loaded.size(), 1U);
  EXPECT_EQ(loaded[0].image, nullptr);
  EXPECT_EQ(loaded[0].file.name, "file");
}

}  // namespace
}  // namespace reveille
