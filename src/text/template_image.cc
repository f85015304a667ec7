#include "text/template_image.h"

#include <utility>

namespace reveille {
namespace {

class TemplateStorage : public Image::Storage {
 public:
  explicit TemplateStorage(Template text) : text_(std::move(text)) {}
  [[nodiscard]] Bytes bytes() const override { return {}; }
  // No device ever reads it.
  [[nodiscard]] bool resident() const override { return false; }
  [[nodiscard]] const Template* as_template() const override { return &text_; }

 private:
  Template text_;
};

}  // namespace

std::shared_ptr<const Image> template_image(std::string name, Template text) {
  return std::make_shared<const Image>(std::move(name),
                                       std::make_unique<TemplateStorage>(std::move(text)));
}

}  // namespace reveille
