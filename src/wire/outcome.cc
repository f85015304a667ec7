#include <reveille/outcome.h>

namespace reveille {

std::string_view text(Verdict verdict) {
  switch (verdict) {
    case Verdict::answered:
      return "answered";
    case Verdict::noted:
      return "noted";
    case Verdict::passed:
      return "not for us";
    case Verdict::refused:
      return "refused";
    case Verdict::shed:
      return "shed";
  }
  return "";
}

}  // namespace reveille
