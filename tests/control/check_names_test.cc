// What can be wrong with the rules for names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_problems.h"
#include "test_folder.h"

namespace reveille {
namespace {

std::string name_problems(const std::string& rules) {
  return problems_of(kLink + kImages + kProxy + "[[tftp.rewrite]]\n" + rules);
}

TEST(CheckNames, GoodRules) {
  EXPECT_EQ(name_problems("match = '^a(b+)$'\nto = 'x/{{mac:hexhyp}}/\\1'\nfallback = false\n"),
            "");
  EXPECT_EQ(name_problems("match = '.*'\nto = '{{hostname|nobody}}'\n"), "");
}

TEST(CheckNames, WhatIsMissing) {
  EXPECT_EQ(name_problems(""), "f:8:1: error: a rewrite needs its `match`\n");
  EXPECT_EQ(name_problems("match = 'a'\n"), "f:8:1: error: a rewrite needs its `to`\n");
  EXPECT_EQ(name_problems("match = 'a'\nto = ''\n"), "f:10:6: error: no file has an empty name\n");
}

TEST(CheckNames, BadPatterns) {
  EXPECT_EQ(name_problems("match = '^a(b'\nto = 'x'\n"),
            "f:9:9: error: match \"^a(b\", at its end: missing closing parenthesis\n");
  EXPECT_EQ(name_problems("match = '(a)\\1'\nto = 'x'\n"),
            "f:9:9: error: match \"(a)\\\\1\": a pattern cannot refer back (\\1); "
            "list the alternatives, as in (aa|bb)\n");
}

TEST(CheckNames, BadNames) {
  EXPECT_EQ(name_problems("match = '(a)'\nto = 'x/\\2'\n"),
            "f:10:6: error: to \"x/\\\\2\", before character 3: capture 2 is not there; `match` "
            "has 1 group\n");
  EXPECT_EQ(name_problems("match = 'a'\nto = 'x/{{who}}'\n"),
            "f:10:6: error: to \"x/{{who}}\", before character 3: unknown variable \"who\"; there "
            "are mac, ip, uuid, arch, serial, hostname, next_server\n");
  EXPECT_EQ(name_problems("match = 'a'\nto = 'x/../y'\n"),
            "f:10:6: error: to \"x/../y\" leaves the image folder; only files in it are served\n");
}

TEST(CheckNames, AllRulesAtOnce) {
  EXPECT_EQ(name_problems("match = '('\nto = 'x'\n[[tftp.rewrite]]\nmatch = 'b'\nto = '\\1'\n"),
            "f:9:9: error: match \"(\", at its end: missing closing parenthesis\n"
            "f:13:6: error: to \"\\\\1\": capture 1 is not there; `match` has 0 groups\n");
}

std::string template_problems(const std::string& tables) {
  ParsedConfig parsed = parse_config(
      "[[interface]]\ninterface = \"eth1\"\naddress = \"10.77.0.1/16\"\n"
      "[images]\nroot = \"/srv/boot\"\n[dhcp]\nmode = \"proxy\"\n" +
          tables,
      "f");
  check_config(parsed.config, parsed.origins, parsed.problems);
  return parsed.problems.text();
}

TEST(CheckTemplates, GoodOnes) {
  EXPECT_EQ(template_problems("[[template]]\nname = \"a.ipxe\"\ntext = \"\"\"\n#!ipxe\necho "
                              "{{mac}}\n\"\"\"\n[boot]\nipxe_script = \"a.ipxe\"\n"),
            "");
}

TEST(CheckTemplates, WhatIsMissing) {
  EXPECT_EQ(template_problems("[[template]]\ntext = \"\"\n"),
            "f:8:1: error: a template needs its `name`: what clients ask for\n");
  EXPECT_EQ(template_problems("[[template]]\nname = \"a\"\n"),
            "f:8:1: error: a template has either its `text` or the `file` that holds it\n");
  EXPECT_EQ(template_problems("[[template]]\nname = \"a\"\nfile = \"b\"\ntext = \"c\"\n"),
            "f:8:1: error: a template has either its `text` or the `file` that holds it\n");
}

TEST(CheckTemplates, BadTexts) {
  EXPECT_EQ(template_problems("[[template]]\nname = \"a\"\ntext = \"\"\"\n#!ipxe\necho {{mac}\n"
                              "echo {{nic}}\n\"\"\"\n"),
            "f:10:8: error: text, at 2:6: a variable that does not end in }}\n");
  EXPECT_EQ(template_problems("[[template]]\nname = \"a\"\ntext = \"{{mac:bin}}\"\n"),
            "f:10:8: error: text, at 1:1: unknown form \"bin\"; there are hexhyp, hexraw, "
            "hexupper, number\n");
  std::string many;
  for (int i = 0; i < 1100; ++i) many += "{{mac}}";
  EXPECT_EQ(template_problems("[[template]]\nname = \"a\"\ntext = \"" + many + "\"\n"),
            "f:10:8: error: the text may become longer than 65536 octets\n");
}

TEST(CheckTemplates, BadNames) {
  EXPECT_EQ(template_problems("[[template]]\nname = \"../a\"\ntext = \"\"\n"),
            "f:9:8: error: name \"../a\" leaves the image folder; only files in it are served\n");
  EXPECT_EQ(template_problems("[[template]]\nname = \"http://a/b\"\ntext = \"\"\n"),
            "f:9:8: error: name \"http://a/b\" is nothing that a client can ask for here\n");
  EXPECT_EQ(template_problems("[[template]]\nname = \"a\"\ntext = \"\"\n"
                              "[[template]]\nname = \"a\"\ntext = \"\"\n"),
            "f:12:8: error: there are two templates of the name \"a\"\n");
}

TEST(CheckTemplates, AScriptInItsPlace) {
  ParsedConfig parsed =
      parse_config("[boot]\nipxe_script = \"\"\"\n#!ipxe\necho {{mac}}\n\"\"\"\n", "f");
  EXPECT_EQ(parsed.config.boot.ipxe_script, kInlineScriptName);
  ASSERT_EQ(parsed.config.templates.size(), 1U);
  EXPECT_EQ(parsed.config.templates[0].name, kInlineScriptName);
  EXPECT_EQ(parsed.config.templates[0].text, "#!ipxe\necho {{mac}}\n");
  EXPECT_EQ(template_problems("[boot]\nipxe_script = \"#!ipxe\\necho {{nic}}\"\n"),
            "f:9:15: error: text, at 2:6: unknown variable \"nic\"; there are mac, ip, uuid, arch, "
            "serial, hostname, next_server\n");
  EXPECT_EQ(template_problems("[boot]\nipxe_script = \"boot\\n.ipxe\"\n"),
            "f:9:15: error: ipxe_script is the name of a file, or a script that begins with "
            "#!ipxe\n");
}

TEST(CheckTemplates, AFileOfItsOwn) {
  const test::Folder folder;
  folder.write("good.tmpl", "#!ipxe\necho {{mac}}\n");
  folder.write("bad.tmpl", "#!ipxe\n\n  {{nic}}\n");
  folder.write("large.tmpl", std::string(kTemplateBytesMax + 1, 'x'));
  folder.write("config.toml",
               "[[template]]\nname = \"a\"\nfile = \"good.tmpl\"\n"
               "[[template]]\nname = \"b\"\nfile = \"bad.tmpl\"\n"
               "[[template]]\nname = \"c\"\nfile = \"none.tmpl\"\n"
               "[[template]]\nname = \"d\"\nfile = \"large.tmpl\"\n");
  ParsedConfig parsed = read_config(folder.path("config.toml"));
  check_names(parsed.config, parsed.origins, parsed.problems);
  EXPECT_EQ(parsed.config.templates[0].text, "#!ipxe\necho {{mac}}\n");
  const std::string text = parsed.problems.text();
  EXPECT_THAT(text, ::testing::HasSubstr(":6:8: error: " + folder.path("bad.tmpl") +
                                         ":3:3: unknown variable \"nic\""));
  EXPECT_THAT(text, ::testing::HasSubstr(":9:8: error: file \"" + folder.path("none.tmpl") +
                                         "\": there is no such file"));
  EXPECT_THAT(text, ::testing::HasSubstr("large.tmpl\" is longer than 32768 octets"));
}

}  // namespace
}  // namespace reveille
