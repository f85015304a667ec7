// A line plot as inline SVG.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace reveille::storm {

struct Line {
  std::string name;
  std::vector<std::pair<double, double>> points;  // x ascending
};

struct Plot {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<Line> lines;
};

// Text for HTML: markup characters become entities.
[[nodiscard]] std::string escape_html(const std::string& text);
// The colour of the n-th line, the same in every plot of a page.
[[nodiscard]] std::string line_colour(std::size_t index);
[[nodiscard]] std::string svg(const Plot& plot);

}  // namespace reveille::storm
