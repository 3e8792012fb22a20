#pragma once

#include <optional>
#include <string>

namespace truefork {

// A whole small file of /proc.
std::optional<std::string> ReadFile(const char* path);

}  // namespace truefork
