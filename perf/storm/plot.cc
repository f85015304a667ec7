#include "storm/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

namespace reveille::storm {
namespace {

constexpr double kWidth = 720;
constexpr double kHeight = 320;
constexpr double kLeft = 70;
constexpr double kRight = 20;
constexpr double kTop = 40;
constexpr double kBottom = 48;

// A round number of about a fifth of `most`.
double step_for(double most) {
  const double raw = most / 5;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power) return factor * power;
  }
  return 10 * power;
}

std::string tick_text(double value) {
  if (value >= 1e6) return fmt::format("{:g} M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:g} k", value / 1e3);
  return fmt::format("{:g}", std::round(value * 1e6) / 1e6);
}

struct Scale {
  double x_most = 1;
  double y_most = 1;
  [[nodiscard]] double x(double value) const {
    return kLeft + (kWidth - kLeft - kRight) * value / x_most;
  }
  [[nodiscard]] double y(double value) const {
    return kHeight - kBottom - (kHeight - kTop - kBottom) * value / y_most;
  }
};

Scale scale_of(const Plot& plot) {
  Scale scale{0, 0};
  for (const Line& line : plot.lines) {
    for (const auto& [x, y] : line.points) {
      scale.x_most = std::max(scale.x_most, x);
      scale.y_most = std::max(scale.y_most, y);
    }
  }
  scale.x_most = scale.x_most > 0 ? scale.x_most : 1;
  // Room above the highest point, up to the next line of the grid.
  const double most = scale.y_most > 0 ? scale.y_most : 1;
  scale.y_most = std::ceil(most / step_for(most)) * step_for(most);
  return scale;
}

// From zero to `most`.
std::vector<double> ticks_to(double most) {
  const double step = step_for(most);
  const int count = static_cast<int>(most * 1.001 / step);
  std::vector<double> ticks;
  ticks.reserve(static_cast<std::size_t>(count) + 1);
  for (int i = 0; i <= count; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string grid(const Scale& scale) {
  std::string text;
  for (const double value : ticks_to(scale.y_most)) {
    text += fmt::format(R"(<line class="grid" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)"
                        R"(<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)",
                        kLeft, scale.y(value), kWidth - kRight, scale.y(value), kLeft - 8,
                        scale.y(value) + 4, tick_text(value));
  }
  for (const double value : ticks_to(scale.x_most)) {
    text +=
        fmt::format(R"(<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)",
                    scale.x(value), kHeight - kBottom + 18, tick_text(value));
  }
  return text;
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += letter;
    }
  }
  return safe;
}

std::string line_colour(std::size_t index) {
  // Okabe and Ito: told apart by everybody.
  constexpr std::array kColours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                "#e69f00", "#56b4e9", "#000000"};
  return kColours[index % kColours.size()];
}

std::string svg(const Plot& plot) {
  const Scale scale = scale_of(plot);
  std::string text =
      fmt::format(R"(<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">)"
                  R"(<text class="title" x="{:.0f}" y="22">{}</text>)",
                  kWidth, kHeight, escape_html(plot.title), kLeft, escape_html(plot.title));
  text += grid(scale);
  text += fmt::format(R"(<text class="axis" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)"
                      R"(<text class="axis" x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)",
                      (kLeft + kWidth - kRight) / 2, kHeight - 8, escape_html(plot.x_label),
                      kWidth - kRight, 22.0, escape_html(plot.y_label));
  for (std::size_t i = 0; i < plot.lines.size(); ++i) {
    std::string points;
    for (const auto& [x, y] : plot.lines[i].points) {
      points += fmt::format("{:.1f},{:.1f} ", scale.x(x), scale.y(y));
    }
    text +=
        fmt::format(R"(<polyline class="line" stroke="{}" points="{}"/>)", line_colour(i), points);
  }
  return text + "</svg>\n";
}

}  // namespace reveille::storm
