#include "image/mapped_file.h"

#include <atomic>
#include <fcntl.h>
#include <filesystem>
#include <numeric>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "image/file_descriptor.h"
#include "temp_folder.h"

namespace reveille {
namespace {

constexpr std::size_t kPage = 4096;

std::unique_ptr<MappedFile> map(const std::filesystem::path& path, std::uint64_t size) {
  const FileDescriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  auto mapped = MappedFile::map(file.number(), size);
  return mapped ? std::move(*mapped) : nullptr;
}

TEST(MappedFile, HasTheBytesOfTheFile) {
  const test::TempFolder folder;
  folder.write("file", "the bytes");
  const auto mapped = map(folder / "file", 9);
  ASSERT_NE(mapped, nullptr);
  EXPECT_EQ(std::string(mapped->bytes().begin(), mapped->bytes().end()), "the bytes");
  EXPECT_TRUE(mapped->intact());
  EXPECT_FALSE(mapped->resident());
}

TEST(MappedFile, ReadingLostPagesFindsZerosAndSaysSo) {
  const test::TempFolder folder;
  folder.write("file", std::string(10 * kPage, 'x'));
  const auto mapped = map(folder / "file", 10 * kPage);
  const auto other = map(folder / "file", 10 * kPage);
  std::filesystem::resize_file(folder / "file", 2 * kPage);
  EXPECT_EQ(mapped->bytes()[5 * kPage + 7], 0);
  EXPECT_FALSE(mapped->intact());
  EXPECT_TRUE(other->intact()) << "nobody has read from this one yet";
  EXPECT_EQ(mapped->bytes()[2 * kPage], 0);
  EXPECT_EQ(mapped->bytes()[10 * kPage - 1], 0);
  EXPECT_EQ(mapped->bytes()[kPage], 'x') << "what is left of the file stays";
}

TEST(MappedFile, ThreadsThatReadWhileTheFileIsCutGoOn) {
  const test::TempFolder folder;
  constexpr std::size_t kSize = 400 * kPage;
  folder.write("file", std::string(kSize, 'x'));
  const auto mapped = map(folder / "file", kSize);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> strange{0};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!stop.load()) {
        for (const std::uint8_t byte : mapped->bytes()) strange += byte != 'x' && byte != 0;
      }
    });
  }
  for (std::size_t pages = 399; pages > 0; pages -= 19) {
    std::filesystem::resize_file(folder / "file", pages * kPage);
  }
  std::filesystem::resize_file(folder / "file", 0);
  for (int i = 0; i < 2000 && mapped->intact(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  stop = true;
  readers.clear();
  EXPECT_FALSE(mapped->intact());
  EXPECT_EQ(strange, 0U);
}

TEST(MappedFile, ABusErrorElsewhereStillEndsTheProcess) {
  const test::TempFolder folder;
  folder.write("ours", "x");
  folder.write("other", std::string(2 * kPage, 'x'));
  const auto ours = map(folder / "ours", 1);
  const FileDescriptor file{open((folder / "other").c_str(), O_RDONLY | O_CLOEXEC)};
  void* const other = mmap(nullptr, 2 * kPage, PROT_READ, MAP_SHARED, file.number(), 0);
  ASSERT_NE(other, MAP_FAILED);
  std::filesystem::resize_file(folder / "other", 0);
  EXPECT_DEATH((void)*static_cast<const volatile char*>(other), "");
  munmap(other, 2 * kPage);
}

TEST(MappedFile, ThereIsALimitAndAFreedPlaceIsUsedAgain) {
  const test::TempFolder folder;
  folder.write("file", "x");
  std::vector<std::unique_ptr<MappedFile>> all;
  for (std::size_t i = 0; i < MappedFile::kFilesMax; ++i) {
    all.push_back(map(folder / "file", 1));
    ASSERT_NE(all.back(), nullptr) << i;
  }
  EXPECT_EQ(map(folder / "file", 1), nullptr);
  all.pop_back();
  EXPECT_NE(map(folder / "file", 1), nullptr);
}

TEST(MappedFile, WhatCannotBeMappedIsAnError) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const FileDescriptor in{ends[0]};
  const FileDescriptor out{ends[1]};
  const auto mapped = MappedFile::map(in.number(), 1);
  ASSERT_FALSE(mapped);
  EXPECT_NE(mapped.error().find("cannot be mapped"), std::string::npos);
}

}  // namespace
}  // namespace reveille
