#include "image/catalogue.h"

#include <string>

#include <gtest/gtest.h>

#include "memory_image.h"

namespace reveille {
namespace {

using test::make_image;

Catalogue some_files(Catalogue::Options options = {}) {
  return Catalogue{{make_image("undionly.kpxe", {1}), make_image("EFI/boot/bootx64.efi", {2}),
                    make_image("Boot/BCD", {3})},
                   options};
}

std::string found(const Catalogue& catalogue, std::string_view name) {
  const Image* image = catalogue.find(name);
  return image == nullptr ? "" : image->name();
}

TEST(Catalogue, FindsANameAsItIsWritten) {
  const Catalogue catalogue = some_files();
  EXPECT_EQ(found(catalogue, "undionly.kpxe"), "undionly.kpxe");
  EXPECT_EQ(found(catalogue, "EFI/boot/bootx64.efi"), "EFI/boot/bootx64.efi");
  EXPECT_EQ(catalogue.images().size(), 3U);
}

// wdsnbp and bootmgr ask with backslashes, PXELINUX and GRUB with a leading slash or "./".
TEST(Catalogue, TakesTheSpellingsOfFirmware) {
  const Catalogue catalogue = some_files();
  for (const char* name :
       {"/EFI/boot/bootx64.efi", "//EFI//boot/bootx64.efi", "./EFI/boot/bootx64.efi",
        "EFI\\boot\\bootx64.efi", "\\EFI\\boot\\bootx64.efi", "/././/EFI/./boot\\bootx64.efi"}) {
    EXPECT_EQ(found(catalogue, name), "EFI/boot/bootx64.efi") << name;
  }
}

TEST(Catalogue, NothingOutsideCanBeNamed) {
  const Catalogue catalogue = some_files();
  for (const char* name :
       {"", "/", ".", "./", "..", "../undionly.kpxe", "/../undionly.kpxe", "EFI/../undionly.kpxe",
        "..\\..\\undionly.kpxe", "c:\\undionly.kpxe", "EFI", "EFI/", "EFI/boot", "undionly.kpxe/",
        "undionly.kpxe/.", "undionly.kpxe ", "/etc/passwd"}) {
    EXPECT_EQ(catalogue.find(name), nullptr) << name;
  }
  EXPECT_EQ(catalogue.find(std::string_view{"undionly.kpxe\0x", 15}), nullptr);
  EXPECT_EQ(catalogue.find(std::string_view{"\0", 1}), nullptr);
}

TEST(Catalogue, LongNamesFindNothingAndTheLongestAllowedIsFound) {
  const std::string longest(kImageNameLengthMax, 'n');
  const Catalogue catalogue{{make_image(longest, {1}), make_image(longest + "n", {2})}, {}};
  EXPECT_EQ(found(catalogue, longest), longest);
  EXPECT_EQ(catalogue.find(longest + "n"), nullptr);
  EXPECT_EQ(catalogue.find("/" + longest), nullptr);
  EXPECT_EQ(catalogue.find(std::string(100'000, '/')), nullptr);
}

TEST(Catalogue, CaseMattersUnlessItIsSwitchedOff) {
  EXPECT_EQ(some_files().find("UNDIONLY.KPXE"), nullptr);
  const Catalogue folding = some_files({.ignore_case = true});
  EXPECT_EQ(found(folding, "UNDIONLY.KPXE"), "undionly.kpxe");
  EXPECT_EQ(found(folding, "\\boot\\bcd"), "Boot/BCD");
}

TEST(Catalogue, OfTwoImagesOfOneNameTheFirstWins) {
  const Catalogue catalogue{{make_image("BCD", {1}), make_image("bcd", {2})},
                            {.ignore_case = true}};
  EXPECT_EQ(found(catalogue, "Bcd"), "BCD");
}

TEST(Catalogue, AnEmptyOneFindsNothing) {
  EXPECT_EQ(Catalogue{}.find("a"), nullptr);
}

}  // namespace
}  // namespace reveille
