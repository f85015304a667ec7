// A template as an entry of the catalogue, so that it is found, held and let go like any image.
#pragma once

#include <memory>
#include <string>

#include "image/image.h"
#include "text/template.h"

namespace reveille {

// Thread: control.
[[nodiscard]] std::shared_ptr<const Image> template_image(std::string name, Template text);

}  // namespace reveille
