#include "control/log/log.h"

#include <array>
#include <ctime>
#include <ostream>
#include <utility>

#include <spdlog/fmt/fmt.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "control/log/escape.h"
#include "control/log/event_json.h"
#include "control/log/event_text.h"
#include "control/log/outcome_table.h"

namespace reveille {

namespace {

constexpr std::size_t kNoteLengthMax = 4096;

// Lines come complete, with the time of the event rather than that of writing.
std::shared_ptr<spdlog::logger> logger_to(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("reveille", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::info);
  return logger;
}

std::string stuck_text(const LogClients::Remark& remark, Nanoseconds waited) {
  const std::string before = fmt::format("stuck: {:.0f} s ago it was first ",
                                         std::chrono::duration<double>{waited}.count());
  const std::string times = remark.count == 1 ? "" : fmt::format(" ({} times)", remark.count);
  const bool offered = remark.last.kind == EventKind::dhcp_offered;
  return before + sentence(remark.last) + times +
         (offered ? "; it has not asked for the address"
                  : "; it has not asked for " + quoted(remark.last.text()));
}

}  // namespace

tl::expected<std::unique_ptr<Log>, std::string> Log::open(const LogConfig& config) try {
  spdlog::sink_ptr sink;
  if (config.file.empty()) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
  } else {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_st>(config.file);
  }
  return std::unique_ptr<Log>{new Log{config, logger_to(std::move(sink))}};
} catch (const spdlog::spdlog_ex& failure) {
  return tl::unexpected<std::string>("the log cannot be opened: " + std::string{failure.what()});
}

Log::Log(const LogConfig& config, std::ostream& out)
    : Log(config, logger_to(std::make_shared<spdlog::sinks::ostream_sink_st>(out))) {}

Log::Log(const LogConfig& config, std::shared_ptr<spdlog::logger> out)
    : config_(config),
      out_(std::move(out)),
      clients_({.lines_per_client_per_minute = config.lines_per_client_per_minute}) {}

Log::~Log() {
  out_->flush();
}

void Log::write(const Event& event) {
  const Event full = clients_.completed(event);
  const bool admitted = clients_.admit(full);
  say_remarks(clients_.remarks(event.at));
  if (!admitted) return;
  const Level level = is_trouble(full) ? Level::warning : Level::info;
  line(level, config_.format == LogFormat::json ? json_line(full, clock_.at(full.at))
                                                : text_line(level, full, sentence(full)));
}

void Log::note(std::string_view text) {
  say(Level::info, text);
}
void Log::warn(std::string_view text) {
  say(Level::warning, text);
}
void Log::error(std::string_view text) {
  say(Level::error, text);
}

void Log::tick(Instant now) {
  say_remarks(clients_.remarks(now));
  out_->flush();
}

void Log::lost(std::uint64_t events) {
  if (events == 0) return;
  warn(fmt::format("{} steps of clients are missing here: they came faster than they are written",
                   events));
}

void Log::finish(Instant now, std::span<const OutcomeCounts> workers) {
  say_remarks(clients_.last_remarks(now));
  if (config_.format == LogFormat::json) {
    line(Level::info, outcome_json(workers));
  } else {
    std::string table = outcome_table(workers);
    table.pop_back();  // the logger ends the line
    line(Level::info, table);
  }
  out_->flush();
}

bool Log::reopen() try {
  if (config_.file.empty()) return true;
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_st>(config_.file);
  out_->flush();
  out_ = logger_to(std::move(sink));
  return true;
} catch (const spdlog::spdlog_ex& failure) {
  error(std::string{"the log cannot be opened anew: "} + failure.what());
  return false;
}

void Log::line(Level level, std::string_view text) {
  constexpr std::array kLevels{spdlog::level::info, spdlog::level::warn, spdlog::level::err};
  // The overload without arguments: braces in `text` mean nothing.
  out_->log(kLevels[static_cast<std::size_t>(level)],
            spdlog::string_view_t{text.data(), text.size()});
}

void Log::say(Level level, std::string_view text) {
  constexpr std::array kNames{"info", "warning", "error"};
  const std::string safe = escaped(text, kNoteLengthMax);
  const auto now = std::chrono::system_clock::now();
  if (config_.format == LogFormat::json) {
    line(level, json_line(now, kNames[static_cast<std::size_t>(level)], safe));
  } else {
    line(level, fmt::format("{} {} {}", time_text(now), level == Level::info ? ' ' : '!', safe));
  }
}

void Log::say_remarks(const std::vector<LogClients::Remark>& remarks) {
  for (const LogClients::Remark& remark : remarks) say_remark(remark);
}

void Log::say_remark(const LogClients::Remark& remark) {
  using Kind = LogClients::Remark::Kind;
  const bool stuck = remark.kind == Kind::stuck;
  Event about = remark.last;
  about.at = remark.said_at;
  const std::string text = stuck ? stuck_text(remark, remark.said_at - remark.since)
                                 : fmt::format("{} lines left out", remark.count);
  if (about.client.is_zero() && about.address.is_zero()) {
    return note(fmt::format("{} lines of further clients left out", remark.count));
  }
  const Level level = stuck ? Level::warning : Level::info;
  line(level, config_.format == LogFormat::json
                  ? json_line(about, clock_.at(about.at), stuck ? "warning" : "info",
                              stuck ? "stuck" : "lines_left_out", text)
                  : text_line(level, about, text));
}

std::string Log::time_text(WallClock::Time time) const {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 32> text;
  const char* const format = config_.file.empty() ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S";
  const std::size_t length = std::strftime(text.data(), text.size(), format, &parts);
  return fmt::format("{}.{:03}", std::string_view{text.data(), length},
                     milliseconds.count() % 1000);
}

std::string Log::text_line(Level level, const Event& event, std::string_view sentence) const {
  return fmt::format("{} {} {:<17}  {:<15}  {}", time_text(clock_.at(event.at)),
                     level == Level::info ? ' ' : '!', who(event), machine(event), sentence);
}

}  // namespace reveille
