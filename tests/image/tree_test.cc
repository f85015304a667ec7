#include "image/tree.h"

#include <filesystem>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <vector>

#include <gtest/gtest.h>

#include "image/catalogue.h"
#include "temp_folder.h"

namespace reveille {
namespace {

class TreeTest : public testing::Test {
 protected:
  Tree walk_it(const TreeLimits& limits = {}) {
    const auto opened = ImageFolder::open(folder.path());
    EXPECT_TRUE(opened);
    folders.clear();
    return walk(*opened, limits, [this](const std::string& path, int) { folders.push_back(path); });
  }
  static std::vector<std::string> names(const Tree& tree) {
    std::vector<std::string> names;
    for (const FoundFile& file : tree.files) names.push_back(file.name);
    return names;
  }
  // What is said about `file`; empty when nothing is.
  static std::string problem(const Tree& tree, const std::string& file) {
    for (const ImageProblem& problem : tree.problems) {
      if (problem.file == file) return problem.text;
    }
    return "";
  }

  test::TempFolder folder;
  std::vector<std::string> folders;
};

using Names = std::vector<std::string>;

TEST_F(TreeTest, ListsFilesOfAllFoldersByName) {
  folder.write("pxelinux.0", "p");
  folder.write("a/b/c", "1234");
  folder.write("empty", "");
  const Tree tree = walk_it();
  EXPECT_EQ(names(tree), (Names{"a/b/c", "empty", "pxelinux.0"}));
  EXPECT_EQ(tree.files[0].identity.size_bytes, 4U);
  EXPECT_EQ(folders, (Names{"", "a", "a/b"}));
  EXPECT_TRUE(tree.problems.empty());
}

TEST_F(TreeTest, ServesNamesWithOddBytes) {
  folder.write("new\nline", "1");
  folder.write("esc\x1b[31m", "2");
  folder.write("\xff\xfe not UTF-8", "3");
  folder.write(".hidden", "4");
  folder.write("...", "5");
  EXPECT_EQ(walk_it().files.size(), 5U);
}

TEST_F(TreeTest, RefusesNamesThatNoClientCanAskFor) {
  folder.write("back\\slash", "1");
  std::string deep;
  for (int i = 0; i < 4; ++i) deep += std::string(130, static_cast<char>('a' + i)) + "/";
  folder.write(deep + "file", "2");
  const std::string longest = deep.substr(0, 3 * 131) + std::string(512 - 3 * 131, 'l');
  folder.write(longest, "3");
  const Tree tree = walk_it();
  EXPECT_EQ(names(tree), Names{longest});
  EXPECT_EQ(problem(tree, "back\\slash"), "no client can ask for a name with a backslash");
  EXPECT_EQ(problem(tree, deep.substr(0, deep.size() - 1)), "name longer than 512 bytes");
}

TEST_F(TreeTest, FollowsLinksThatStayInside) {
  folder.write("ipxe/snponly.efi", "s");
  folder.link("snponly.efi", "ipxe/snponly.efi");
  folder.link("absolute.efi", (folder / "ipxe/snponly.efi").string());
  folder.link("x86_64", "ipxe");
  folder.link("deep/up.efi", "../ipxe/../snponly.efi");
  const Tree tree = walk_it();
  EXPECT_EQ(names(tree), (Names{"absolute.efi", "deep/up.efi", "ipxe/snponly.efi", "snponly.efi",
                                "x86_64/snponly.efi"}));
  for (const FoundFile& file : tree.files) EXPECT_EQ(file.path, "ipxe/snponly.efi") << file.name;
  EXPECT_TRUE(tree.problems.empty());
}

TEST_F(TreeTest, NamesLinksThatLeaveTheFolder) {
  const test::TempFolder outside;
  outside.write("secret", "s");
  folder.link("secret", (outside / "secret").string());
  folder.link("passwd", "../../../../../../etc/passwd");
  folder.link("outside", outside.path().string());
  // The folder's own path is a prefix of this one's, which does not make it inside.
  const std::filesystem::path sibling = folder.path().string() + "-sibling";
  std::filesystem::create_directory(sibling);
  folder.link("sibling", sibling.string());
  const Tree tree = walk_it();
  std::filesystem::remove(sibling);
  EXPECT_TRUE(tree.files.empty());
  EXPECT_EQ(problem(tree, "secret"),
            "symbolic link that leaves the image folder, to " + (outside / "secret").string());
  EXPECT_EQ(problem(tree, "passwd"), "symbolic link that leaves the image folder, to /etc/passwd");
  for (const char* name : {"outside", "sibling"}) EXPECT_NE(problem(tree, name), "") << name;
}

TEST_F(TreeTest, NamesLinksThatLeadNowhere) {
  folder.link("dangling", "nothing");
  folder.link("self", "self");
  folder.link("a", "b");
  folder.link("b", "a");
  folder.write("sub/file", "f");
  folder.link("sub/loop", "..");
  folder.link("here", ".");
  const Tree tree = walk_it();
  EXPECT_EQ(problem(tree, "dangling"), "symbolic link to nothing");
  for (const char* name : {"self", "a", "b"}) {
    EXPECT_EQ(problem(tree, name), "symbolic links in a circle") << name;
  }
  EXPECT_EQ(problem(tree, "sub/loop"), "symbolic link to a folder that contains it");
  EXPECT_EQ(problem(tree, "here"), "symbolic link to a folder that contains it");
  EXPECT_EQ(names(tree), Names{"sub/file"});
}

TEST_F(TreeTest, OpensNothingButFiles) {
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  sockaddr_un address{.sun_family = AF_UNIX};
  (folder / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  const FileDescriptor socket_descriptor{socket(AF_UNIX, SOCK_STREAM, 0)};
  ASSERT_EQ(
      bind(socket_descriptor.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
      0);
  folder.link("to-pipe", "pipe");
  folder.link("null", "/dev/null");
  const Tree tree = walk_it();
  EXPECT_TRUE(tree.files.empty());
  EXPECT_EQ(problem(tree, "pipe"), "a pipe, not a file");
  EXPECT_EQ(problem(tree, "to-pipe"), "a pipe, not a file");
  EXPECT_EQ(problem(tree, "socket"), "a socket, not a file");
  EXPECT_EQ(problem(tree, "null"), "symbolic link that leaves the image folder, to /dev/null");
}

TEST_F(TreeTest, DevicesAreNotServed) {
  if (mknod((folder / "zero").c_str(), S_IFCHR | 0600, makedev(1, 5)) != 0) {
    GTEST_SKIP() << "may not make devices";
  }
  EXPECT_EQ(problem(walk_it(), "zero"), "a device, not a file");
}

TEST_F(TreeTest, HasLimits) {
  for (const char* name : {"a/1", "a/2", "b/1", "b/2", "c/d/e/1"}) folder.write(name, "x");
  const Tree few_files = walk_it({.files_max = 3});
  EXPECT_EQ(names(few_files), (Names{"a/1", "a/2", "b/1"}));
  EXPECT_EQ(problem(few_files, "b/2"), "this file and others are left out: more than 3 files");

  const Tree few_folders = walk_it({.folders_max = 2});
  EXPECT_EQ(names(few_folders), (Names{"a/1", "a/2"}));
  EXPECT_EQ(problem(few_folders, "b"), "this folder and others are left out: more than 2 folders");

  const Tree shallow = walk_it({.depth_max = 2});
  EXPECT_EQ(shallow.files.size(), 4U);
  EXPECT_EQ(problem(shallow, "c/d/e"), "folders more than 2 deep");

  for (int i = 0; i < 5; ++i) folder.link("dangling" + std::to_string(i), "nothing");
  const Tree few_problems = walk_it({.problems_max = 2});
  ASSERT_EQ(few_problems.problems.size(), 3U);
  EXPECT_EQ(few_problems.problems.back().text, "3 problems more");
}

TEST_F(TreeTest, AFolderThatMayNotBeReadIsNamed) {
  folder.write("closed/file", "x");
  folder.write("open/file", "x");
  std::filesystem::permissions(folder / "closed", std::filesystem::perms{0});
  Tree tree;
  {
    const test::AsNobody nobody;
    tree = walk_it();
  }
  std::filesystem::permissions(folder / "closed", std::filesystem::perms{0755});
  EXPECT_EQ(names(tree), Names{"open/file"});
  EXPECT_EQ(problem(tree, "closed"), "cannot be opened: Permission denied");
}

TEST_F(TreeTest, AMissingFolderIsAnError) {
  const auto opened = ImageFolder::open((folder / "missing").string());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), "the image folder cannot be opened: No such file or directory");
  folder.write("file", "x");
  EXPECT_FALSE(ImageFolder::open((folder / "file").string()));
}

TEST_F(TreeTest, OpeningBelowNeverLeavesTheFolder) {
  folder.write("file", "x");
  folder.link("link", "file");
  const auto opened = ImageFolder::open(folder.path());
  EXPECT_TRUE(opened->open_below("file", O_RDONLY));
  for (const char* path : {"link", "../", "/etc/passwd", "../../etc/passwd"}) {
    EXPECT_FALSE(opened->open_below(path, O_RDONLY)) << path;
  }
}

}  // namespace
}  // namespace reveille
