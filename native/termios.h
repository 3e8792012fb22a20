#pragma once

#include <napi.h>
#include <termios.h>

namespace truefork {

// The modes of a terminal, from the array of words in which they travel. 0, or EINVAL: there is no
// such speed.
int ToTermios(const Napi::Value& words, termios* into);

}  // namespace truefork
