// Pictures of a report: every point inside the frame, whatever the figures are.
#include "storm/plot.h"

#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reveille::storm {
namespace {

using testing::HasSubstr;
using testing::Not;

// The points of each line, as they were drawn.
std::vector<std::vector<std::pair<double, double>>> drawn(const std::string& svg) {
  static const std::regex kLine{R"re(points="([^"]*)")re"};
  static const std::regex kPoint{R"(([-0-9.a-z]+),([-0-9.a-z]+))"};
  std::vector<std::vector<std::pair<double, double>>> lines;
  for (std::sregex_iterator line{svg.begin(), svg.end(), kLine}, end; line != end; ++line) {
    const std::string points = (*line)[1];
    lines.emplace_back();
    for (std::sregex_iterator point{points.begin(), points.end(), kPoint}; point != end; ++point) {
      lines.back().emplace_back(std::stod((*point)[1]), std::stod((*point)[2]));
    }
  }
  return lines;
}

Plot plot_of(std::vector<Line> lines) {
  return {"Title", "x", "y", std::move(lines)};
}

TEST(Plot, ScalesAllLinesAlikeAndPointsUpwards) {
  const auto lines = drawn(svg(plot_of({{"a", {{0, 0}, {10, 50}}}, {"b", {{0, 0}, {5, 100}}}})));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0][0], lines[1][0]) << "both start at the origin";
  const auto [left, bottom] = lines[0][0];
  EXPECT_NEAR((lines[1][1].first - left) * 2, lines[0][1].first - left, 0.2);
  EXPECT_NEAR((bottom - lines[0][1].second) * 2, bottom - lines[1][1].second, 0.2);
  EXPECT_LT(lines[0][1].second, bottom) << "more is higher";
}

TEST(Plot, StaysInItsFrameForEveryMagnitude) {
  for (const double most : {1e-9, 0.7, 1.0, 99.0, 12345.0, 9.99e12}) {
    const auto lines = drawn(svg(plot_of({{"a", {{0, 0}, {most, most}}}})));
    ASSERT_EQ(lines.size(), 1U) << most;
    for (const auto& [x, y] : lines[0]) {
      EXPECT_GE(x, 0) << most;
      EXPECT_LE(x, 720) << most;
      EXPECT_GE(y, 0) << most;
      EXPECT_LE(y, 320) << most;
    }
  }
}

TEST(Plot, OfNothingHasAxesAndNoNumbersThatAreNone) {
  for (const Plot& plot : {plot_of({}), plot_of({{"a", {}}}), plot_of({{"a", {{0, 0}}}})}) {
    const std::string text = svg(plot);
    EXPECT_THAT(text, HasSubstr("</svg>"));
    EXPECT_THAT(text, Not(HasSubstr("nan")));
    EXPECT_THAT(text, Not(HasSubstr("inf")));
  }
}

TEST(Plot, MarkupInTextsIsEscaped) {
  Plot plot = plot_of({});
  plot.title = "<script>\"&";
  EXPECT_THAT(svg(plot), HasSubstr("&lt;script&gt;&quot;&amp;"));
  EXPECT_THAT(svg(plot), Not(HasSubstr("<script>")));
}

TEST(Plot, ColoursDifferAndComeAgainWhenTheyRunOut) {
  EXPECT_NE(line_colour(0), line_colour(1));
  EXPECT_EQ(line_colour(0), line_colour(7));
}

}  // namespace
}  // namespace reveille::storm
