// The contract of every codec in wire/.
//
// Reading is in two steps. `X::parse(bytes)` checks all that the accessors rely on: lengths,
// magic numbers, checksums. It yields a view, or the outcome that names why there is none.
// After that no accessor of the view can fail or read outside the bytes. A view borrows its
// bytes: it must not outlive them.
//
// Writing is in one: a writer fills a caller's buffer, never past its end, and says at the
// end whether all of it fitted. Bytes between fields are written too (zeroed), so nothing of
// the buffer's past leaves on the wire.
#pragma once

#include <utility>

#include <reveille/outcome.h>

namespace reveille::wire {

template <class View>
class [[nodiscard]] Checked {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return view;` and `return Outcome::x;` read best
  Checked(View view) : view_(std::move(view)), good_(true) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Checked(Outcome refusal) : refusal_(refusal) {}

  // Of a view that is long to copy: it is filled in place, and nobody looks before that is done.
  explicit Checked(std::in_place_t) : good_(true) {}
  [[nodiscard]] View& to_fill() { return view_; }
  void refuse(Outcome refusal) {
    refusal_ = refusal;
    good_ = false;
  }

  explicit operator bool() const { return good_; }
  const View& operator*() const { return view_; }
  const View* operator->() const { return &view_; }
  // Only meaningful when there is no view.
  [[nodiscard]] Outcome refusal() const { return refusal_; }

 private:
  View view_{};
  Outcome refusal_{};
  bool good_ = false;
};

}  // namespace reveille::wire
