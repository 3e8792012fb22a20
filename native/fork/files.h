#pragma once

#include <optional>
#include <string>

namespace truefork {

// A whole small file of /proc; without one, errno says why.
std::optional<std::string> ReadFile(const char* path);

}  // namespace truefork
