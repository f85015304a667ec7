#include "store/log_ahead.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

namespace reveille {
namespace {

// Of SQLite's log: https://www.sqlite.org/fileformat2.html#walformat
constexpr sqlite3_int64 kLogHeaderBytes = 32;
constexpr sqlite3_int64 kFrameHeaderBytes = 24;
// A log is lengthened by so much at a time, for ACKs may wait for it; and only where so many whole
// ones would fit.
constexpr sqlite3_int64 kLengthenBytes = sqlite3_int64{1} << 19;
constexpr std::uintmax_t kSpareLogs = 4;
constexpr sqlite3_int64 kWriteMax = 65536;  // SQLite takes no write of twice as much

// Nobody else appends to the log meanwhile.
Stored<bool> lengthen(const Database& database, const std::string& path, std::int64_t page_bytes,
                      int pages) {
  sqlite3_file* log = nullptr;
  sqlite3_file_control(database.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (log == nullptr || log->pMethods == nullptr) return false;
  const auto refuse = [](const char* why) {
    return tl::unexpected("its log cannot be lengthened: " + std::string(why));
  };
  sqlite3_int64 size = 0;
  if (log->pMethods->xFileSize(log, &size) != SQLITE_OK) return refuse("its size is not known");
  const sqlite3_int64 whole = kLogHeaderBytes + pages * (page_bytes + kFrameHeaderBytes);
  std::error_code error;
  const auto left = std::filesystem::space(path, error).available;
  const bool is_roomy = !error && left >= kSpareLogs * static_cast<std::uintmax_t>(whole);
  if (size >= whole || !is_roomy) return false;
  static constexpr std::array<std::uint8_t, kWriteMax> kZeros{};
  const sqlite3_int64 end = std::min(whole, size + kLengthenBytes);
  int written = SQLITE_OK;
  for (sqlite3_int64 at = size; at < end && written == SQLITE_OK; at += kWriteMax) {
    const auto count = static_cast<int>(std::min(end - at, kWriteMax));
    written = log->pMethods->xWrite(log, kZeros.data(), count, at);
  }
  if ((written & 0xff) == SQLITE_FULL) {
    log->pMethods->xTruncate(log, size);  // leases need what there is
    return false;
  }
  if (written != SQLITE_OK) return refuse(sqlite3_errstr(written));
  const int synced = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (synced != SQLITE_OK) return refuse(sqlite3_errstr(synced));
  return true;
}

}  // namespace

Stored<bool> lengthen_log(Database& database, const std::string& path, std::int64_t page_bytes,
                          int pages) {
  // Whoever has the lock appends at an end that must not move.
  if (!database.run("BEGIN IMMEDIATE")) return false;
  auto more = lengthen(database, path, page_bytes, pages);
  const auto ended = database.run("ROLLBACK");
  return more && !ended ? tl::unexpected(ended.error()) : more;
}

}  // namespace reveille
