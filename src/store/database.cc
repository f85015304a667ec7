#include "store/database.h"

#include <cstring>

namespace reveille {

std::string failure_of(sqlite3* database) {
  std::string text = sqlite3_errmsg(database);
  const int system = sqlite3_system_errno(database);
  const int kind = sqlite3_errcode(database);
  const bool of_the_system = kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN;
  if (of_the_system && system != 0) text += std::string(" (") + std::strerror(system) + ")";
  return text;
}

Stored<bool> Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return tl::unexpected(failure_of(sqlite3_db_handle(statement_.get())));
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const int length = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(length));
}

Stored<Database> Database::open(const std::string& path, Access access, const std::string& vfs) {
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE |
                    (access == Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    (access == Access::create ? SQLITE_OPEN_CREATE : 0);
  sqlite3* database = nullptr;
  const int result =
      sqlite3_open_v2(path.c_str(), &database, flags, vfs.empty() ? nullptr : vfs.c_str());
  Database opened(database);
  if (database == nullptr) return tl::unexpected(std::string("out of memory"));
  if (result != SQLITE_OK) return tl::unexpected(opened.sentence());
  return opened;
}

std::string Database::sentence() const {
  return failure_of(database_.get());
}

Stored<void> Database::run(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return tl::unexpected(sentence());
  }
  return {};
}

Stored<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    return tl::unexpected(sentence());
  }
  return Statement(statement);
}

Stored<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

}  // namespace reveille
