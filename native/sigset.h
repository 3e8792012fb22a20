// A set of signals travels as two 32-bit words: bit n - 1 is signal n.
#pragma once

#include <signal.h>

#include <cstdint>

#include "kick.h"

namespace truefork {

inline sigset_t ToSet(const uint32_t* words) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal = 1; signal < NSIG; signal++) {
    // The one that interrupts calls is nobody else's, as glibc's own two are not.
    if (signal == KickSignal()) continue;
    if (words[(signal - 1) / 32] >> ((signal - 1) % 32) & 1) sigaddset(&set, signal);
  }
  return set;
}

inline void ToWords(const sigset_t& set, uint32_t* words) {
  words[0] = words[1] = 0;
  for (int signal = 1; signal < NSIG; signal++) {
    if (sigismember(&set, signal) == 1) words[(signal - 1) / 32] |= 1u << ((signal - 1) % 32);
  }
}

// Blocks every signal of the calling thread for as long as it lives: what is in it cannot be
// interrupted by a handler.
class AllBlocked {
 public:
  AllBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
  }
  ~AllBlocked() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
  AllBlocked(const AllBlocked&) = delete;
  AllBlocked& operator=(const AllBlocked&) = delete;

  // The mask that it gives back.
  sigset_t before;
};

}  // namespace truefork
