#include <algorithm>
#include <set>

#include "control/config/config_check.h"
#include "control/config/config_file.h"
#include "image/catalogue.h"
#include "names/name_rules.h"
#include "text/template.h"

namespace reveille {
namespace {

bool climbs(std::string_view name) {
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    if (name.substr(at, end - at) == "..") return true;
    at = end + 1;
  }
  return false;
}

// Where in a value, counted from 1, where that helps.
std::string place_text(const TextProblem& problem, const std::string& value) {
  if (problem.offset == 0) return {};
  if (problem.offset >= value.size()) return ", at its end";
  return ", before character " + std::to_string(problem.offset + 1);
}

void check_rewrite(const Config& config, const NameRuleConfig& rule, const std::string& path,
                   const Origins& origins, Problems& problems) {
  if (rule.match.empty() || rule.to.empty()) {
    const std::string key = rule.match.empty() ? "match" : "to";
    if (!origins.has(path + "." + key)) {
      problems.error(origins.of(path), "a rewrite needs its `" + key + "`");
    } else if (rule.to.empty()) {
      problems.error(origins.of(path + ".to"), "no file has an empty name");
    }
    return;
  }
  if (climbs(rule.to)) {
    problems.error(
        origins.of(path + ".to"),
        "to " + in_quotes(rule.to) + " leaves the image folder; only files in it are served");
    return;
  }
  const auto problem = NameRules::problem_of(rule, config.tftp.ignore_case);
  if (!problem) return;
  const bool in_match = problem->in == NameRules::Problem::In::match;
  const std::string key = in_match ? "match" : "to";
  const std::string& value = in_match ? rule.match : rule.to;
  problems.error(origins.of(path + "." + key), key + " " + in_quotes(value) +
                                                   place_text(problem->problem, value) + ": " +
                                                   problem->problem.text);
}

// A place in a text of several lines, as editors count.
std::string line_text(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t begin = before.rfind('\n');
  const std::size_t column = begin == std::string_view::npos ? offset : offset - begin - 1;
  return std::to_string(line) + ":" + std::to_string(column + 1) + ": ";
}

void check_template_text(const TemplateConfig& one, const std::string& path, const Origins& origins,
                         Problems& problems) {
  const bool in_file = !one.file.empty();
  const Origin origin = origins.of(path + (in_file ? ".file" : ".text"));
  const auto parsed = Template::parse(one.text, Template::Captures::none);
  if (!parsed) {
    const std::string place = line_text(one.text, parsed.error().offset);
    problems.error(origin,
                   (in_file ? one.file + ":" + place : "text, at " + place) + parsed.error().text);
  } else if (parsed->size_max() > kTemplateSizeMax) {
    problems.error(
        origin, "the text may become longer than " + std::to_string(kTemplateSizeMax) + " octets");
  }
}

void check_template(const Config& config, std::size_t index, const Origins& origins,
                    Problems& problems) {
  const TemplateConfig& one = config.templates[index];
  const std::string path = element("template", index);
  if (one.name.empty() && !origins.has(path + ".name")) {
    problems.error(origins.of(path), "a template needs its `name`: what clients ask for");
  } else if (one.name.empty() || one.name.find("://") != std::string::npos) {
    problems.error(origins.of(path + ".name"),
                   "name " + in_quotes(one.name) + " is nothing that a client can ask for here");
  }
  check_boot_file(one.name, "name", config, origins.of(path + ".name"), problems);
  const bool has_text = origins.has(path + ".text");
  const bool has_file = origins.has(path + ".file");
  if (has_text == has_file) {
    problems.error(origins.of(path),
                   "a template has either its `text` or the `file` that holds it");
    return;
  }
  check_template_text(one, path, origins, problems);
}

void check_templates(const Config& config, const Origins& origins, Problems& problems) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < config.templates.size(); ++i) {
    check_template(config, i, origins, problems);
    const std::string& name = config.templates[i].name;
    const std::string folded = config.tftp.ignore_case ? fold_case(name) : name;
    if (!name.empty() && !seen.insert(folded).second) {
      problems.error(origins.of(element("template", i) + ".name"),
                     "there are two templates of the name " + in_quotes(name));
    }
  }
  const auto check_script = [&](const std::string& script, const std::string& path) {
    if (std::any_of(script.begin(), script.end(), [](char c) { return c >= 0 && c < ' '; })) {
      problems.error(origins.of(path),
                     "ipxe_script is the name of a file, or a script that begins with #!ipxe");
    }
  };
  check_script(config.boot.ipxe_script, "boot.ipxe_script");
  for (std::size_t i = 0; i < config.rules.size(); ++i) {
    check_script(config.rules[i].ipxe_script, element("rule", i) + ".ipxe_script");
  }
}

}  // namespace

void check_names(const Config& config, const Origins& origins, Problems& problems) {
  for (std::size_t i = 0; i < config.tftp.rewrites.size(); ++i) {
    check_rewrite(config, config.tftp.rewrites[i], element("tftp.rewrite", i), origins, problems);
  }
  check_templates(config, origins, problems);
}

}  // namespace reveille
