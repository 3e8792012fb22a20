#pragma once

#include <sys/types.h>

namespace truefork {

// Whether this is the struct pthread, by its tid's word, of the thread that asks V8 for the stack:
// it has locks of V8's for a moment, and a child could not go on without what it has in hand.
bool IsMessenger(const pid_t* tid_word);

}  // namespace truefork
