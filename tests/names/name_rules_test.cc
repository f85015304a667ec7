#include "names/name_rules.h"

#include <gtest/gtest.h>

#include "image/memory_image.h"

namespace reveille {
namespace {

using test::make_image;

Catalogue folder(const std::vector<std::string>& names, bool ignore_case = false) {
  std::vector<std::shared_ptr<const Image>> images;
  for (const std::string& name : names) images.push_back(make_image(name, {1, 2, 3}));
  return {std::move(images), {.ignore_case = ignore_case}};
}

ClientFacts client() {
  ClientFacts facts;
  facts.address = Ipv4Address::of(10, 77, 1, 5);
  facts.mac = *MacAddress::parse("52:54:00:12:34:ab");
  facts.architecture = 7;
  return facts;
}

using List = std::vector<NameRuleConfig>;

class Rules {
 public:
  explicit Rules(std::vector<NameRuleConfig> rules, bool ignore_case = false) {
    for (const NameRuleConfig& rule : rules) {
      const auto problem = NameRules::problem_of(rule, ignore_case);
      if (problem) throw std::runtime_error(problem->problem.text);
    }
    auto built = NameRules::build(rules, ignore_case, 1);
    if (!built) throw std::runtime_error(built.error());
    rules_ = std::move(*built);
  }
  // The name of the image; "-" for none.
  std::string operator()(std::string_view asked, const Catalogue& catalogue,
                         const ClientFacts& who = client()) const {
    const Image* const image = rules_->find(asked, who, catalogue, 0);
    return image == nullptr ? "-" : image->name();
  }

 private:
  std::shared_ptr<const NameRules> rules_;
};

TEST(NameRules, GiveEachClientItsFolder) {
  const Rules rules(List{{"^pxelinux\\.cfg/default$", "hosts/{{mac:hexhyp}}/pxelinux.cfg"}});
  const Catalogue catalogue =
      folder({"hosts/52-54-00-12-34-ab/pxelinux.cfg", "pxelinux.cfg/default", "other"});
  EXPECT_EQ(rules("pxelinux.cfg/default", catalogue), "hosts/52-54-00-12-34-ab/pxelinux.cfg");
  ClientFacts another = client();
  another.mac.octets[5] = 1;
  EXPECT_EQ(rules("pxelinux.cfg/default", catalogue, another), "pxelinux.cfg/default");
  EXPECT_EQ(rules("other", catalogue), "other");
  EXPECT_EQ(rules("missing", catalogue), "-");
}

TEST(NameRules, CaptureWhatTheyNeed) {
  const Rules rules(
      {{"^[0-9a-f]{8}/(.*)$", "rpi/\\1"}, {"^(.*)\\.(efi|0)$", "\\2/{{arch}}/\\1.\\2"}});
  const Catalogue catalogue = folder({"rpi/start4.elf", "efi/x64-uefi/boot/grub.efi"});
  EXPECT_EQ(rules("9f55bbfd/start4.elf", catalogue), "rpi/start4.elf");
  EXPECT_EQ(rules("boot/grub.efi", catalogue), "efi/x64-uefi/boot/grub.efi");
  EXPECT_EQ(rules("9f55bbfd/", catalogue), "-");
}

// A name is seen as the catalogue keeps it.
TEST(NameRules, SeeNamesWithoutTheirSpellings) {
  const Rules rules(List{{"^boot/bcd$", "windows/{{arch}}.bcd"}});
  const Catalogue catalogue = folder({"windows/x64-uefi.bcd"});
  for (const char* const asked : {"boot/bcd", "/boot/bcd", "\\boot\\bcd", "./boot//bcd"}) {
    EXPECT_EQ(rules(asked, catalogue), "windows/x64-uefi.bcd") << asked;
  }
}

TEST(NameRules, AreTriedInOrderUntilThereIsAFile) {
  const Rules rules(List{{".*cfg$", "{{mac:hexraw}}/\\0"},
                         {"^grub", "none"},
                         {".*cfg$", "{{arch}}/\\0"},
                         {".*cfg$", "common/\\0"}});
  EXPECT_EQ(rules("grub.cfg", folder({"5254001234ab/grub.cfg", "x64-uefi/grub.cfg"})),
            "5254001234ab/grub.cfg");
  EXPECT_EQ(rules("grub.cfg", folder({"common/grub.cfg", "x64-uefi/grub.cfg"})),
            "x64-uefi/grub.cfg");
  EXPECT_EQ(rules("grub.cfg", folder({"common/grub.cfg", "grub.cfg"})), "common/grub.cfg");
  EXPECT_EQ(rules("grub.cfg", folder({"grub.cfg"})), "grub.cfg");
  EXPECT_EQ(rules("grub.cfg", folder({"other"})), "-");
}

TEST(NameRules, WithoutFallbackNothingElseIsTried) {
  const Rules rules(List{{"^hosts/", "hosts/{{mac:hexhyp}}", false}, {"^hosts/", "spare"}});
  const Catalogue catalogue = folder({"hosts/52-54-00-12-34-ab", "hosts/other", "spare"});
  EXPECT_EQ(rules("hosts/other", catalogue), "hosts/52-54-00-12-34-ab");
  EXPECT_EQ(rules("hosts/other", catalogue, {}), "-") << "nobody reads another's file";
}

TEST(NameRules, PassOverWhatIsNotKnown) {
  const Rules rules(List{{"^x$", "by-uuid/{{uuid}}"}, {"^x$", "by-uuid/{{uuid|none}}"}});
  EXPECT_EQ(rules("x", folder({"by-uuid/", "by-uuid/none", "x"})), "by-uuid/none");
}

// Whatever comes out is looked up like any name.
TEST(NameRules, NeverLeaveTheFolder) {
  const Rules rules(
      {{"^up/(.*)$", "a/b/\\1"}, {"^(.*)/(.*)$", "\\2/\\1"}, {"^h$", "{{hostname}}/h"}});
  const Catalogue catalogue = folder({"a/secret", "secret", "h"});
  for (const char* const asked : {"up/../secret", "up/../../secret", "secret/..", "../secret"}) {
    EXPECT_EQ(rules(asked, catalogue), "-") << asked;
  }
  ClientFacts who = client();
  for (const char* const name : {"..", "a/..", "/", "."}) {
    who.set_host_name(name);
    EXPECT_EQ(rules("h", catalogue, who), "h") << name;
  }
}

TEST(NameRules, MakeNoNameThatIsTooLong) {
  const Rules rules(List{{"^(.*)$", "\\1\\1\\1"}});
  const std::string longest(kImageNameLengthMax, 'n');
  EXPECT_EQ(rules(longest, folder({longest})), longest);
  EXPECT_EQ(rules(longest + "n", folder({longest})), "-");
}

TEST(NameRules, TakeCaseAsTheCatalogueDoes) {
  const Catalogue catalogue = folder({"Win/BCD"}, true);
  EXPECT_EQ(Rules(List{{"^Boot/(.*)$", "win/\\1"}}, true)("BOOT/bcd", catalogue), "Win/BCD");
  EXPECT_EQ(Rules(List{{"^Boot/(.*)$", "win/\\1"}}, false)("BOOT/bcd", catalogue), "-");
}

TEST(NameRules, TryOnlySoMany) {
  std::vector<NameRuleConfig> rules(NameRules::kTriesMax, {"^a", "none"});
  rules.push_back({"^a", "found"});
  EXPECT_EQ(Rules(rules)("a", folder({"found"})), "-");
  rules.erase(rules.begin());
  EXPECT_EQ(Rules(rules)("a", folder({"found"})), "found");
}

// The pattern of which PCRE2 would try 2^n ways counts as one that does not match.
TEST(NameRules, PassOverWhatTakesTooLong) {
  const Rules rules(List{{"^(a|a)*(b?)$", "x/\\2"}, {"^a", "found"}});
  const std::string asked(40, 'a');
  EXPECT_EQ(rules(asked, folder({"found"})), "found");
}

std::string problem(const NameRuleConfig& rule) {
  const auto found = NameRules::problem_of(rule, false);
  if (!found) return "none";
  const bool in_match = found->in == NameRules::Problem::In::match;
  return (in_match ? "match " : "to ") + std::to_string(found->problem.offset) + ": " +
         found->problem.text;
}

TEST(NameRules, SayWhatIsWrong) {
  EXPECT_EQ(problem({"^a(b)$", "\\1"}), "none");
  EXPECT_EQ(problem({"^a(b$", "x"}), "match 5: missing closing parenthesis");
  EXPECT_EQ(problem({"(a)\\1", "x"}),
            "match 0: a pattern cannot refer back (\\1); list the alternatives, as in (aa|bb)");
  EXPECT_EQ(problem({"^(a)$", "x/\\2"}), "to 2: capture 2 is not there; `match` has 1 group");
  EXPECT_EQ(problem({"^a$", "\\1"}), "to 0: capture 1 is not there; `match` has 0 groups");
  EXPECT_EQ(problem({"^a$", "{{who}}"}),
            "to 0: unknown variable \"who\"; there are mac, ip, uuid, arch, serial, hostname, "
            "next_server");
}

}  // namespace
}  // namespace reveille
