#include "control/config/problem.h"

#include <gtest/gtest.h>

namespace reveille {
namespace {

TEST(Problem, IsWrittenAsCompilersDo) {
  Problems problems("boot.toml");
  problems.error({.option = {}, .line = 7, .column = 3}, "wrong");
  EXPECT_EQ(problems.text(), "boot.toml:7:3: error: wrong\n");
}

TEST(Problem, OfTheCommandLineNamesItsOption) {
  Problems problems;
  problems.error({.option = "--pool"}, "wrong");
  problems.warning({}, "odd");
  EXPECT_EQ(problems.text(), "warning: odd\n--pool: error: wrong\n");
}

TEST(Problem, WarningsAreNoErrors) {
  Problems problems("f");
  problems.warning({}, "odd");
  EXPECT_FALSE(problems.any_error());
  EXPECT_FALSE(problems.empty());
  problems.error({}, "wrong");
  EXPECT_TRUE(problems.any_error());
}

TEST(Problem, ComeInTheOrderOfTheFileThenTheCommandLine) {
  Problems problems("f");
  problems.error({.option = "--root"}, "d");
  problems.error({.option = {}, .line = 10, .column = 1}, "c");
  problems.error({.option = {}, .line = 2, .column = 9}, "b");
  problems.error({.option = {}, .line = 2, .column = 1}, "a");
  EXPECT_EQ(problems.text(),
            "f:2:1: error: a\nf:2:9: error: b\nf:10:1: error: c\n"
            "--root: error: d\n");
}

TEST(Problem, NoEndOfThemIsCutShort) {
  Problems problems("f");
  for (unsigned i = 1; i <= Problems::kKeptMax + 5; ++i) {
    problems.error({.option = {}, .line = i, .column = 1}, "x");
  }
  EXPECT_EQ(problems.sorted().size(), Problems::kKeptMax);
  EXPECT_TRUE(problems.text().ends_with("and 5 more problems\n"));
}

TEST(Origins, FallBackToTheTableAround) {
  Origins origins;
  origins.set("subnet[1]", {.option = {}, .line = 5, .column = 1});
  origins.set("subnet[1].pools[0]", {.option = {}, .line = 6, .column = 10});
  EXPECT_EQ(origins.of("subnet[1].pools[0]").line, 6U);
  EXPECT_EQ(origins.of("subnet[1].pools[1]").line, 5U);
  EXPECT_EQ(origins.of("subnet[2].pools[1]").line, 0U);
}

TEST(Origins, ForgetATableAndAllInside) {
  Origins origins;
  origins.set("subnet[1]", {.option = {}, .line = 5, .column = 1});
  origins.set("subnet[1].pools[0]", {.option = {}, .line = 6, .column = 10});
  origins.set("subnet[11]", {.option = {}, .line = 7, .column = 1});
  origins.erase("subnet[1]");
  EXPECT_FALSE(origins.has("subnet[1]"));
  EXPECT_FALSE(origins.has("subnet[1].pools[0]"));
  EXPECT_TRUE(origins.has("subnet[11]"));
}

TEST(Nearest, FindsSlipsAndAbbreviationsOnly) {
  const std::vector<std::string_view> keys{"address", "interface", "vlan", "lease_time"};
  EXPECT_EQ(nearest("adress", keys), "address");
  EXPECT_EQ(nearest("vlna", keys), "vlan");
  EXPECT_EQ(nearest("lease", keys), "lease_time");
  EXPECT_EQ(nearest("interfaces", keys), "interface");
  EXPECT_EQ(nearest("colour", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), keys), "");
}

TEST(Quoted, ShowsNoControlCharacterToATerminal) {
  EXPECT_EQ(in_quotes("a\x1b[31m\"\\"), "\"a\\x1b[31m\\\"\\\\\"");
  EXPECT_EQ(in_quotes(std::string(200, 'x')).size(), 80U + 5);
}

}  // namespace
}  // namespace reveille
