// The log: one line for each step of a machine's boot, for people or as JSON.
#pragma once

#include <chrono>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include <reveille/config.h>
#include <reveille/event.h>
#include <reveille/instant.h>
#include <reveille/outcome.h>

#include "control/log/log_clients.h"

namespace spdlog {
class logger;
}

namespace reveille {

// Where on the wall clock an Instant lies.
class WallClock {
 public:
  using Time = std::chrono::system_clock::time_point;

  void set(Instant instant, Time time) {
    instant_ = instant;
    time_ = time;
  }
  [[nodiscard]] Time at(Instant instant) const {
    return time_ + std::chrono::duration_cast<Time::duration>(instant - instant_);
  }

 private:
  Instant instant_{};
  Time time_ = std::chrono::system_clock::now();
};

// Control thread only. Writing may wait for the disk or the terminal; workers never do.
//
// A line for people:  12:00:01.234   52:54:00:12:34:56  x64 UEFI         acked 10.77.1.5, boots ...
// with a '!' after the time where a boot does not go on by itself, and the date before it where
// lines go to a file. A line of JSON: see event_json.h. Nothing from the wire reaches either
// unescaped.
class Log {
 public:
  // The error says why the file cannot be written.
  static tl::expected<std::unique_ptr<Log>, std::string> open(const LogConfig& config);
  // Into a stream that outlives it.
  Log(const LogConfig& config, std::ostream& out);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Events carry Instants: call now and then, as the wall clock may be set.
  void set_clock(Instant now, WallClock::Time time) { clock_.set(now, time); }

  // A step of a client; left out when the client has had its lines for this minute.
  void write(const Event& event);
  // Things that concern no single client. `text` may hold names of files: it is escaped.
  void note(std::string_view text);
  void warn(std::string_view text);
  void error(std::string_view text);

  // About once a second: says who is stuck and how many lines were left out, and flushes.
  void tick(Instant now);
  // Workers had no room for `events` events since this was last called. Says so if there are any.
  void lost(std::uint64_t events);
  // At exit: what is still to be said, and what became of all frames.
  void finish(Instant now, std::span<const OutcomeCounts> workers);

  // The file was moved away (logrotate): starts a new one. False, and said in the old one, if
  // that fails. True when there is no file.
  bool reopen();

 private:
  enum class Level : std::uint8_t { info, warning, error };

  Log(const LogConfig& config, std::shared_ptr<spdlog::logger> out);

  void line(Level level, std::string_view text);
  void say(Level level, std::string_view text);
  void say_remarks(const std::vector<LogClients::Remark>& remarks);
  void say_remark(const LogClients::Remark& remark);
  [[nodiscard]] std::string time_text(WallClock::Time time) const;
  [[nodiscard]] std::string text_line(Level level, const Event& event,
                                      std::string_view sentence) const;

  const LogConfig config_;
  std::shared_ptr<spdlog::logger> out_;
  WallClock clock_;
  LogClients clients_;
};

}  // namespace reveille
