// Pools that rules name, and addresses that rules give: what a file becomes, and what is said of
// one that is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_problems.h"

namespace reveille {
namespace {

using ::testing::HasSubstr;

const std::string kSubnets =
    "[[subnet]]\nprefix = \"10.77.0.0/16\"\npools = [\"10.77.1.0-10.77.1.99\"]\n"
    "[[subnet]]\nprefix = \"10.78.0.0/16\"\n";
// The table begins at line 11.
std::string further(const std::string& lines) {
  return kLink + kImages + kSubnets + lines;
}
// Line 11 to 13.
const std::string kPool = "[[pool]]\nname = \"rack7\"\nranges = [\"10.77.7.0-10.77.7.9\"]\n";
const std::string kNames = "[[rule]]\npool = \"rack7\"\n";

TEST(PoolConfig, BecomesTheseValues) {
  const ParsedConfig parsed = parse_config(
      "[[pool]]\nname = \"a\"\nranges = \"10.77.7.0\"\n"
      "[[pool]]\nname = \"b\"\nranges = [\"10.77.8.0-10.77.8.9\", \"10.78.8.0-10.78.8.9\"]\n"
      "[[rule]]\npool = \"b\"\n[[rule]]\naddress = \"10.77.0.50\"\n",
      "f");
  EXPECT_EQ(parsed.problems.text(), "");
  const Config& config = parsed.config;
  ASSERT_EQ(config.pools.size(), 2U);
  EXPECT_EQ(config.pools[0].name, "a");
  ASSERT_EQ(config.pools[0].ranges.size(), 1U);
  EXPECT_EQ(config.pools[0].ranges[0].last, Ipv4Address::of(10, 77, 7, 0));
  ASSERT_EQ(config.pools[1].ranges.size(), 2U);
  EXPECT_EQ(config.pools[1].ranges[1].first, Ipv4Address::of(10, 78, 8, 0));
  ASSERT_EQ(config.rules.size(), 2U);
  EXPECT_EQ(config.rules[0].pool, "b");
  EXPECT_FALSE(config.rules[0].address);
  EXPECT_EQ(config.rules[1].address, Ipv4Address::of(10, 77, 0, 50));
  EXPECT_EQ(config.rules[1].pool, "");
}

TEST(PoolConfig, GoodOnes) {
  EXPECT_EQ(problems_of(further(kPool + kNames)), "");
  EXPECT_EQ(problems_of(further(kPool + kNames +
                                "[[rule]]\nwhen.vlan = 0\n"
                                "address = \"10.77.7.3\"\n")),
            "f:16:1: warning: rule \"rule 2\" can never match: rule \"rule 1\" (line 14) matches "
            "whatever it would\n");
  // A server may have no other addresses.
  const std::string bare = kLink + kImages + "[[subnet]]\nprefix = \"10.77.0.0/16\"\n";
  EXPECT_EQ(problems_of(bare + kPool + kNames), "");
  EXPECT_EQ(problems_of(bare + "[[rule]]\naddress = \"10.77.0.50\"\n"), "");
}

struct WrongPoolCase {
  const char* name;
  std::string toml;
  std::string expected;
};
void PrintTo(const WrongPoolCase& one, std::ostream* out) {
  *out << one.name;
}
class WrongPool : public ::testing::TestWithParam<WrongPoolCase> {};
TEST_P(WrongPool, IsSaidWithItsPlace) {
  EXPECT_EQ(problems_of(GetParam().toml), GetParam().expected);
}

const std::string kPoolRange = "ranges = [\"10.77.7.0-10.77.7.9\"]\n";
const std::string kAddress = "[[rule]]\naddress = ";

const WrongPoolCase kPools[] = {
    {"NoName", further("[[pool]]\n" + kPoolRange),
     "f:11:1: error: a pool needs its `name`, for rules to name it by\n"},
    {"EmptyName", further("[[pool]]\nname = \"\"\n" + kPoolRange),
     "f:12:8: error: a pool's `name` is empty; rules name the pool by it\n"},
    {"NameOfAnotherType", further("[[pool]]\nname = 7\n" + kPoolRange),
     "f:12:8: error: name wants text, not a whole number\n"},
    {"Twice", further(kPool + "[[pool]]\nname = \"rack7\"\nranges = \"10.77.8.0\"\n" + kNames),
     "f:15:8: error: another pool is called \"rack7\" already (line 11); one [[pool]] may have "
     "several ranges\n"},
    {"NoRanges", further("[[pool]]\nname = \"rack7\"\n" + kNames),
     "f:11:1: error: a pool needs its `ranges`, such as [\"10.77.7.0-10.77.7.254\"]\n"},
    {"EmptyRanges", further("[[pool]]\nname = \"rack7\"\nranges = []\n" + kNames),
     "f:13:10: error: a pool without `ranges` has no addresses\n"},
    {"BadRangeAlone", further("[[pool]]\nname = \"rack7\"\nranges = [\"all\"]\n" + kNames),
     "f:13:11: error: ranges: \"all\" is not a pool of addresses such as "
     "\"10.77.1.0-10.77.255.254\"\n"},
    {"OutsideEverySubnet",
     further("[[pool]]\nname = \"rack7\"\nranges = [\"10.77.7.0\", \"10.79.7.0-10.79.7.9\"]\n" +
             kNames),
     "f:13:24: error: pool 10.79.7.0-10.79.7.9 is not inside any [[subnet]]\n"},
    {"AcrossSubnets",
     further("[[pool]]\nname = \"rack7\"\nranges = [\"10.77.7.0-10.78.7.9\"]\n" + kNames),
     "f:13:11: error: pool 10.77.7.0-10.78.7.9 reaches beyond subnet 10.77.0.0/16; give one range "
     "for each subnet\n"},
    {"Backwards",
     further("[[pool]]\nname = \"rack7\"\nranges = [\"10.77.7.9-10.77.7.0\"]\n" + kNames),
     "f:13:11: error: pool 10.77.7.9-10.77.7.0 ends before it begins\n"},
    {"WithOwnAddress",
     further("[[pool]]\nname = \"rack7\"\nranges = [\"10.77.0.1-10.77.0.9\"]\n" + kNames),
     "f:13:11: error: pool 10.77.0.1-10.77.0.9 contains 10.77.0.1, the server's own address on "
     "eth1\n"},
    {"OverlapsTheSubnets",
     further("[[pool]]\nname = \"rack7\"\nranges = [\"10.77.1.99-10.77.2.9\"]\n" + kNames),
     "f:13:11: error: pool 10.77.1.99-10.77.2.9 of \"rack7\" overlaps pool "
     "10.77.1.0-10.77.1.99\n"},
    {"OverlapsAnother",
     further(kPool + "[[pool]]\nname = \"rack8\"\nranges = [\"10.77.7.9-10.77.7.20\"]\n" + kNames +
             "when.vlan = 0\n[[rule]]\npool = \"rack8\"\n"),
     "f:16:11: error: pool 10.77.7.9-10.77.7.20 of \"rack8\" overlaps pool 10.77.7.0-10.77.7.9 of "
     "\"rack7\"\n"},
    {"NobodyNamesIt", further(kPool),
     "f:12:8: warning: no rule names pool \"rack7\": its addresses are lent to nobody; add pool = "
     "\"rack7\" to a [[rule]]\n"},
    {"Unknown", further(kPool + kNames + "[[rule]]\npool = \"rak7\"\n"),
     "f:17:8: error: there is no [[pool]] called \"rak7\"; did you mean \"rack7\"?\n"},
    {"UnknownAndNothingLikeIt", further("[[rule]]\npool = \"rack7\"\n"),
     "f:12:8: error: there is no [[pool]] called \"rack7\"; add one with this `name` and its "
     "`ranges`\n"},
    {"Both", further(kPool + kNames + "address = \"10.77.0.50\"\n"),
     "f:15:8: error: a rule gives an `address` or names a `pool`, not both\n"},
    {"AddressOutside", further(kAddress + "\"10.79.0.9\"\n"),
     "f:12:11: error: address 10.79.0.9 is not inside any [[subnet]]\n"},
    {"AddressOurs", further(kAddress + "\"10.77.0.1\"\n"),
     "f:12:11: error: address 10.77.0.1 is the server's own address on eth1\n"},
    {"AddressOfAHost",
     further("[[host]]\nmac = \"52:54:00:00:00:01\"\naddress = \"10.77.0.50\"\n" + kAddress +
             "\"10.77.0.50\"\n"),
     "f:15:11: error: address 10.77.0.50 is reserved by a [[host]] (line 13); leave it out there "
     "or here\n"},
    {"BadAddressAlone", further(kAddress + "\"all\"\n"),
     "f:12:11: error: address: \"all\" is not an address such as \"10.77.0.50\"\n"},
    {"DenyAndAddress", further(kAddress + "\"10.77.0.50\"\ndeny = true\n"),
     "f:11:1: error: a rule that turns machines away gives them nothing: leave out either `deny` "
     "or the rest\n"},
    {"DenyAndPool", further(kPool + kNames + "ignore = true\n"),
     "f:14:1: error: a rule that turns machines away gives them nothing: leave out either `ignore` "
     "or the rest\n"},
    {"Proxy",
     kLink + kImages + "[dhcp]\nmode = \"proxy\"\n" + "[[rule]]\naddress = \"10.77.0.50\"\n",
     "f:9:11: warning: this address is not used: `mode` in [dhcp] is not \"server\"\n"},
    {"PoolOfAProxy",
     kLink + kImages + "[dhcp]\nmode = \"proxy\"\n[[subnet]]\nprefix = \"10.77.0.0/16\"\n" + kPool +
         kNames,
     "f:10:1: warning: this pool is not used: `mode` in [dhcp] is not \"server\"\n"
     "f:14:8: warning: this pool is not used: `mode` in [dhcp] is not \"server\"\n"},
};
INSTANTIATE_TEST_SUITE_P(Pool, WrongPool, ::testing::ValuesIn(kPools),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(PoolConfig, CountsWithAllOtherPools) {
  EXPECT_THAT(problems_of(kLink + kImages +
                          "[[subnet]]\nprefix = \"10.77.0.0/16\"\n"
                          "pools = [\"10.77.1.0\"]\n[[subnet]]\nprefix = \"11.0.0.0/8\"\n"
                          "[[pool]]\nname = \"rack7\"\nranges = [\"11.0.0.1-11.64.0.0\"]\n" +
                          kNames),
              HasSubstr("the pools hold 4 194 305 addresses together; at most 4 194 304"));
}

TEST(PoolConfig, HasLimits) {
  std::string many = kLink + kImages;
  for (int i = 0; i < 3; ++i) {
    many += "[[subnet]]\nprefix = \"10." + std::to_string(77 + i) + ".0.0/16\"\n";
  }
  std::string pools;
  for (int i = 0; i < 4096; ++i) {
    pools += "[[pool]]\nname = \"p" + std::to_string(i) + "\"\nranges = [";
    for (int subnet = 0; subnet < 3; ++subnet) {
      pools += "\"10." + std::to_string(77 + subnet) + "." + std::to_string(1 + i / 250) + "." +
               std::to_string(1 + i % 250) + "\", ";
    }
    pools += "]\n";
    if (i == 2730) {
      EXPECT_THAT(
          problems_of(many + pools),
          HasSubstr("the pools have ranges in 8 193 subnets, counted for each pool; at most "
                    "8 192 are possible"));
    }
  }
  EXPECT_THAT(problems_of(many + pools), HasSubstr("error: more than 4095 [[pool]] tables"));
}

}  // namespace
}  // namespace reveille
