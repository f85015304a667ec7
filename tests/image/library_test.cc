#include "image/library.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "temp_folder.h"

namespace reveille {
namespace {

using Names = std::vector<std::string>;
using Clock = std::chrono::steady_clock;

class LibraryTest : public testing::Test {
 protected:
  ImageLibrary& start(ImagesConfig config = {}, bool ignore_case = false) {
    config.root = folder.path();
    library.emplace(config, ignore_case);
    auto loaded = library->load();
    EXPECT_TRUE(loaded);
    if (loaded) news = *loaded;
    return *library;
  }
  // Polls as the control thread does until `done`, two seconds at most: the promise.
  bool poll_until(const std::function<bool()>& done) {
    const auto start = Clock::now();
    while (Clock::now() - start < std::chrono::seconds{2}) {
      const Instant now{std::chrono::hours{1} + (Clock::now() - beginning)};
      if (auto more = library->poll(now)) news = *more;
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return false;
  }
  void poll_for(std::chrono::milliseconds time) {
    const auto end = Clock::now() + time;
    poll_until([&] { return Clock::now() >= end; });
  }
  std::string content(std::string_view name) {
    const Image* image = library->catalogue()->find(name);
    return image == nullptr ? "-" : std::string(image->bytes().begin(), image->bytes().end());
  }
  std::size_t retire() {
    return library->retire([](const Image&) { return true; });
  }

  test::TempFolder folder;
  std::optional<ImageLibrary> library;
  ImageNews news;
  const Clock::time_point beginning = Clock::now();
};

TEST_F(LibraryTest, LoadsTheFolderAtStart) {
  folder.write("ipxe.efi", "i");
  folder.write("sub/boot.ipxe", "#!ipxe");
  start();
  EXPECT_EQ(content("ipxe.efi"), "i");
  EXPECT_EQ(content("/sub\\boot.ipxe"), "#!ipxe");
  EXPECT_EQ(news.added, (Names{"ipxe.efi", "sub/boot.ipxe"}));
  EXPECT_TRUE(news.catalogue_changed);
  EXPECT_TRUE(news.problems.empty());
  EXPECT_EQ(library->stock().images, 2U);
  EXPECT_EQ(library->stock().image_bytes, 7U);
}

TEST_F(LibraryTest, AMissingFolderIsOneClearSentence) {
  ImageLibrary missing{{.root = (folder / "missing").string()}, false};
  const auto loaded = missing.load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error(), (folder / "missing").string() +
                                ": the image folder cannot be opened: No such file or directory");
}

TEST_F(LibraryTest, WhatCannotBeServedIsNamedAndTheRestIsServed) {
  folder.write("good", "g");
  folder.link("bad", "/etc/passwd");
  start();
  EXPECT_EQ(content("good"), "g");
  ASSERT_EQ(news.problems.size(), 1U);
  EXPECT_EQ(news.problems[0].file, "bad");
}

TEST_F(LibraryTest, TakesInFilesAddedReplacedWrittenOverAndRemoved) {
  folder.write("replaced", "old");
  folder.write("written", "old");
  folder.write("removed", "old");
  folder.write("kept", "kept");
  start();
  const auto kept = library->catalogue()->find("kept");

  folder.write("added", "new");
  EXPECT_TRUE(poll_until([&] { return content("added") == "new"; }));
  EXPECT_EQ(news.added, Names{"added"});
  folder.replace("replaced", "new");
  EXPECT_TRUE(poll_until([&] { return content("replaced") == "new"; }));
  EXPECT_EQ(news.replaced, Names{"replaced"});
  folder.write("written", "new");
  EXPECT_TRUE(poll_until([&] { return content("written") == "new"; }));
  std::filesystem::remove(folder / "removed");
  EXPECT_TRUE(poll_until([&] { return content("removed") == "-"; }));
  EXPECT_EQ(news.removed, Names{"removed"});
  EXPECT_EQ(library->catalogue()->find("kept"), kept) << "the same object";
}

TEST_F(LibraryTest, TakesInFoldersAndLinks) {
  folder.write("a", "a");
  start();
  folder.write("new/folder/file", "f");
  folder.link("link", "new/folder");
  EXPECT_TRUE(poll_until([&] { return content("link/file") == "f"; }));
  folder.replace("new/folder/file", "g");
  EXPECT_TRUE(poll_until([&] { return content("link/file") == "g"; }));
  EXPECT_EQ(content("new/folder/file"), "g");
  std::filesystem::rename(folder / "new", folder / "moved");
  EXPECT_TRUE(poll_until([&] { return content("moved/folder/file") == "g"; }));
  EXPECT_EQ(content("new/folder/file"), "-");
  EXPECT_EQ(content("link/file"), "-");
}

TEST_F(LibraryTest, NothingHalfWrittenIsServed) {
  folder.write("image", "the whole old image");
  start();
  std::ofstream writer{folder / "image", std::ios::trunc};
  std::ofstream other{folder / "other"};
  for (int i = 0; i < 6; ++i) {
    writer << "half of the new one " << std::flush;
    other << "half " << std::flush;
    poll_for(std::chrono::milliseconds{250});
    EXPECT_EQ(content("image"), "the whole old image");
    EXPECT_EQ(content("other"), "-");
  }
  writer.close();
  other.close();
  EXPECT_TRUE(poll_until([&] { return content("image").size() == 120; }));
  EXPECT_TRUE(poll_until([&] { return content("other").size() == 30; }));
}

TEST_F(LibraryTest, ATransferKeepsTheImageThatItReads) {
  folder.write("image", "old");
  start();
  auto snapshot = library->catalogue();
  const Image* const old = snapshot->find("image");
  old->hold(3).transfers.store(1);
  folder.replace("image", "new");
  ASSERT_TRUE(poll_until([&] { return content("image") == "new"; }));
  EXPECT_EQ(library->retired(), 1U);
  EXPECT_EQ(retire(), 0U) << "a snapshot still holds it";
  snapshot.reset();
  EXPECT_EQ(retire(), 0U) << "a transfer still reads it";
  EXPECT_EQ(std::string(old->bytes().begin(), old->bytes().end()), "old");
  old->hold(3).transfers.store(0);
  EXPECT_EQ(library->retire([](const Image&) { return false; }), 0U) << "frames still refer to it";
  EXPECT_EQ(retire(), 1U);
  EXPECT_EQ(library->retired(), 0U);
}

TEST_F(LibraryTest, RetiringGivesTheMemoryBack) {
  folder.write("image", std::string(5 << 20, 'x'));
  start();
  const std::uint64_t before = library->stock().memory.total();
  folder.replace("image", std::string(5 << 20, 'y'));
  ASSERT_TRUE(poll_until([&] { return content("image")[0] == 'y'; }));
  EXPECT_GT(library->stock().memory.total(), before);
  EXPECT_EQ(retire(), 1U);
  EXPECT_EQ(library->stock().memory.total(), before);
}

TEST_F(LibraryTest, ATouchedFileStaysTheSameImage) {
  folder.write("image", "same");
  start();
  const auto before = library->catalogue();
  folder.replace("image", "same");
  folder.write("mark", "");
  ASSERT_TRUE(poll_until([&] { return content("mark").empty(); }));
  EXPECT_EQ(library->catalogue()->find("image"), before->find("image"));
  EXPECT_EQ(library->retired(), 0U);
}

// Time stamps move in ticks: a second write within one leaves the same identity.
TEST_F(LibraryTest, TwoWritesWithinATickAreTwoVersions) {
  folder.write("image", "1st");
  start();
  for (int i = 0; i < 5; ++i) {
    const std::string first = std::to_string(i) + "a";
    const std::string second = std::to_string(i) + "b";
    folder.write("image", first);
    folder.write("image", second);
    ASSERT_TRUE(poll_until([&] { return content("image") == second; }));
  }
}

TEST_F(LibraryTest, AMappedFileCutShortIsReplacedByWhatIsLeft) {
  folder.write("image", std::string(100'000, 'x'));
  start({.memory_max_bytes = 0});
  const auto snapshot = library->catalogue();
  const Image* const old = snapshot->find("image");
  ASSERT_FALSE(old->resident());
  const std::uint16_t sum_before = old->sum(40'000, 1468);
  std::filesystem::resize_file(folder / "image", 10);
  EXPECT_EQ(old->bytes()[50'000], 0) << "what a worker reads meanwhile";
  EXPECT_EQ(old->bytes()[99'999], 0);
  const auto block = old->bytes().subspan(40'000, 1468);
  EXPECT_TRUE(std::ranges::all_of(block, [](std::uint8_t byte) { return byte == 0; }));
  EXPECT_NE(sum_before, 0);
  EXPECT_TRUE(poll_until([&] { return content("image") == "xxxxxxxxxx"; }));
}

TEST_F(LibraryTest, NamesThatDifferOnlyInCaseAreSaid) {
  folder.write("BCD", "upper");
  folder.write("bcd", "lower");
  start({}, true);
  EXPECT_EQ(content("Bcd"), "upper");
  ASSERT_EQ(news.problems.size(), 1U);
  EXPECT_EQ(news.problems[0].file, "bcd");
  EXPECT_EQ(news.problems[0].text, "differs only in case from BCD, which is served in its place");
  start({}, false);
  EXPECT_EQ(content("bcd"), "lower");
  EXPECT_TRUE(news.problems.empty());
}

TEST_F(LibraryTest, AProblemIsSaidOnce) {
  folder.write("good", "g");
  folder.link("bad", "/etc/passwd");
  start();
  ASSERT_EQ(news.problems.size(), 1U);
  folder.write("more", "m");
  ASSERT_TRUE(poll_until([&] { return content("more") == "m"; }));
  EXPECT_TRUE(news.problems.empty());
}

TEST_F(LibraryTest, TheFolderMayBeSwappedForAnother) {
  const test::TempFolder parent;
  parent.write("v1/image", "1");
  parent.write("v2/image", "2");
  parent.link("current", "v1");
  library.emplace(ImagesConfig{.root = (parent / "current").string()}, false);
  ASSERT_TRUE(library->load());
  EXPECT_EQ(content("image"), "1");
  parent.link("next", "v2");
  std::filesystem::rename(parent / "next", parent / "current");
  EXPECT_TRUE(poll_until([&] { return content("image") == "2"; }));
  parent.write("v2/image", "3");
  EXPECT_TRUE(poll_until([&] { return content("image") == "3"; }));

  std::filesystem::remove(parent / "current");
  EXPECT_TRUE(poll_until([&] { return !news.problems.empty(); }));
  EXPECT_EQ(content("image"), "3") << "still served";
  parent.link("current", "v1");
  EXPECT_TRUE(poll_until([&] { return content("image") == "1"; }));
}

TEST_F(LibraryTest, EndsWhileFilesAreBeingRead) {
  folder.write("a", "a");
  start();
  folder.write("large", std::string(64 << 20, 'x'));
  for (int i = 0; i < 30; ++i) poll_for(std::chrono::milliseconds{10});
  library.reset();
}

TEST_F(LibraryTest, TheStockIsASentence) {
  folder.write("a", std::string(3 << 20, 'a'));
  start({.memory_max_bytes = 0});
  EXPECT_EQ(text(library->stock()), "1 image, 3.0 MiB; 3.0 MiB read from disk when sent");
  EXPECT_EQ(text(ImageStock{.images = 2, .image_bytes = 100, .memory = {{2 << 20, 4096, 0}}}),
            "2 images, 100 bytes; 2.0 MiB in hugepages; 4.0 KiB in locked memory");
}

}  // namespace
}  // namespace reveille
