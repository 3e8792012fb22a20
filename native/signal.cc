// sigprocmask(2), siginterrupt(3).
#include <signal.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

// A set of signals travels as two 32-bit words: bit n - 1 is signal n.
static sigset_t ToSet(const uint32_t* words) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal = 1; signal < NSIG; signal++) {
    if (words[(signal - 1) / 32] >> ((signal - 1) % 32) & 1) sigaddset(&set, signal);
  }
  return set;
}

static void ToWords(const sigset_t& set, uint32_t* words) {
  words[0] = words[1] = 0;
  for (int signal = 1; signal < NSIG; signal++) {
    if (sigismember(&set, signal) == 1) words[(signal - 1) / 32] |= 1u << ((signal - 1) % 32);
  }
}

// sigprocmask(how, set: Uint32Array(2) | null, old: Uint32Array(2)), of the calling thread.
static Napi::Value Sigprocmask(const Napi::CallbackInfo& info) {
  sigset_t set, old;
  const bool change = Given(info, 1);
  if (change) set = ToSet(info[1].As<Napi::Uint32Array>().Data());
  const int error = pthread_sigmask(Int(info, 0), change ? &set : nullptr, &old);
  if (error != 0) return Failure(info.Env(), error);
  ToWords(old, info[2].As<Napi::Uint32Array>().Data());
  return Answer(info.Env(), 0);
}

// siginterrupt(signal, flag), by sigaction(2): glibc's own also remembers the choice for its
// signal(3), which nobody here calls.
static Napi::Value Siginterrupt(const Napi::CallbackInfo& info) {
  struct sigaction action;
  if (sigaction(Int(info, 0), nullptr, &action) != 0) return Answer(info.Env(), -1);
  if (info[1].As<Napi::Boolean>().Value()) {
    action.sa_flags &= ~SA_RESTART;
  } else {
    action.sa_flags |= SA_RESTART;
  }
  return Answer(info.Env(), sigaction(Int(info, 0), &action, nullptr));
}

void SignalFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "sigprocmask", Sigprocmask);
  Export(exports, "siginterrupt", Siginterrupt);
  TRUEFORK_CONSTANT(constants, NSIG);
  TRUEFORK_CONSTANT(constants, SIGRTMIN);
  TRUEFORK_CONSTANT(constants, SIGRTMAX);
  TRUEFORK_CONSTANT(constants, SIG_BLOCK);
  TRUEFORK_CONSTANT(constants, SIG_UNBLOCK);
  TRUEFORK_CONSTANT(constants, SIG_SETMASK);
}

}  // namespace truefork
