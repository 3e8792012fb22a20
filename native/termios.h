#pragma once

#include <napi.h>
#include <termios.h>

namespace truefork {

// The modes of a terminal, from the array of words in which they travel.
termios ToTermios(const Napi::Value& words);

}  // namespace truefork
