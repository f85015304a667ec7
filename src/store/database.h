// A SQLite database and its statements: open, run, step; every failure is one sentence.
#pragma once

#include <cstdint>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace reveille {

template <class T>
using Stored = tl::expected<T, std::string>;

// A prepared statement, bound and stepped by hand. Belongs to the thread of its database.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  // Parameters and columns count from 1 and from 0, as SQLite has it.
  void bind(int parameter, std::int64_t value) {
    sqlite3_bind_int64(statement_.get(), parameter, value);
  }
  void bind(int parameter, std::string_view text) {
    sqlite3_bind_text(statement_.get(), parameter, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
  }
  void bind_null(int parameter) { sqlite3_bind_null(statement_.get(), parameter); }

  // A row is there.
  [[nodiscard]] Stored<bool> step();
  void reset() { sqlite3_reset(statement_.get()); }

  [[nodiscard]] bool is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
  }
  [[nodiscard]] bool is_integer(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER;
  }
  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
  }
  [[nodiscard]] std::string text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  enum class Access : std::uint8_t { read, write, create };

  // `vfs`: how SQLite reaches the file; empty: its default. Tests have others.
  static Stored<Database> open(const std::string& path, Access access, const std::string& vfs = {});

  [[nodiscard]] Stored<void> run(const std::string& sql);
  [[nodiscard]] Stored<Statement> prepare(std::string_view sql);
  // The one integer that a query yields.
  [[nodiscard]] Stored<std::int64_t> integer(std::string_view sql);
  // Waits that long for locks of other programs.
  void wait_for_locks(int milliseconds) { sqlite3_busy_timeout(database_.get(), milliseconds); }
  [[nodiscard]] sqlite3* get() const { return database_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  explicit Database(sqlite3* database) : database_(database) {}
  [[nodiscard]] std::string sentence() const;

  std::unique_ptr<sqlite3, Close> database_;
};

// What SQLite says of its last failure.
[[nodiscard]] std::string failure_of(sqlite3* database);

}  // namespace reveille
