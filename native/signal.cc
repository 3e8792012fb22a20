// sigprocmask(2), siginterrupt(3), sigpending(2), sigsuspend(2), sigtimedwait(2), raise(3),
// sigqueue(3), pidfd_send_signal(2), strsignal(3). sigaction(2) is in sigaction.cc.
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actions.h"
#include "arrivals.h"
#include "families.h"
#include "kick.h"
#include "seconds.h"
#include "sigset.h"
#include "syscall.h"

namespace truefork {

static uint32_t* Words(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Uint32Array>().Data();
}

// Some that were held back may not be any more.
static void LookForArrivals() {
  const AllBlocked blocked;
  if (!HasArrival(blocked.before)) return;
  WakeForArrivals();
  Kick();
}

// sigprocmask(how, set: Uint32Array(2) | null, old: Uint32Array(2)), of the calling thread.
static Napi::Value Sigprocmask(const Napi::CallbackInfo& info) {
  sigset_t set, old;
  const bool change = Given(info, 1);
  if (change) set = ToSet(Words(info, 1));
  const int error = ChangeMask(Int(info, 0), change ? &set : nullptr, &old);
  if (error != 0) return Failure(info.Env(), error);
  ToWords(old, Words(info, 2));
  if (change && OnMainThread()) LookForArrivals();
  return Answer(info.Env(), 0);
}

// sigpending(set: Uint32Array(2))
static Napi::Value Sigpending(const Napi::CallbackInfo& info) {
  sigset_t set;
  const int result = sigpending(&set);
  if (result == 0) ToWords(set, Words(info, 0));
  return Answer(info.Env(), result);
}

// sigsuspend(set: Uint32Array(2) | null, old: Uint32Array(2)): null is the mask that there is. The
// set is the mask afterwards too, so that the handlers of JavaScript run as the C handler did; the
// caller gives back the old one.
static Napi::Value Sigsuspend(const Napi::CallbackInfo& info) {
  AllBlocked blocked;
  ToWords(blocked.before, Words(info, 1));
  if (Given(info, 0)) {
    blocked.before = ToSet(Words(info, 0));
    GuardFor(blocked.before);
  }
  if (!HasArrival(blocked.before)) sigsuspend(&blocked.before);
  return Failure(info.Env(), EINTR);
}

// sigtimedwait(set: Uint32Array(2), seconds or null, info: Int32Array(6)); the signal's number.
static Napi::Value Sigtimedwait(const Napi::CallbackInfo& info) {
  const sigset_t set = ToSet(Words(info, 0));
  const bool timed = Given(info, 1);
  const timespec timeout = timed ? ToTimespec(Double(info, 1)) : timespec{};
  siginfo_t come;
  const int result = sigtimedwait(&set, &come, timed ? &timeout : nullptr);
  const Napi::Value answer = Answer(info.Env(), result);
  if (result > 0) {
    *reinterpret_cast<Arrival*>(info[2].As<Napi::Int32Array>().Data()) = ToArrival(come);
  }
  return answer;
}

// raise(signal), in the main thread: its handler of C has run when it returns.
static Napi::Value Raise(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), Int(info, 0)));
}

// sigqueue(pid, signal, value)
static Napi::Value Sigqueue(const Napi::CallbackInfo& info) {
  sigval value = {};
  value.sival_int = Int(info, 2);
  return Answer(info.Env(), sigqueue(Int(info, 0), Int(info, 1), value));
}

// pidfd_send_signal(pidfd, signal, flags). By its number: glibc has a wrapper since 2.36 only.
static Napi::Value PidfdSendSignal(const Napi::CallbackInfo& info) {
  const auto flags = static_cast<unsigned>(Int(info, 2));
  const long result = syscall(SYS_pidfd_send_signal, Int(info, 0), Int(info, 1), nullptr, flags);
  return Answer(info.Env(), result);
}

static Napi::Value Strsignal(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), strsignal(Int(info, 0)));
}

void SignalFamily(Napi::Object exports, Napi::Object constants) {
  // Worker threads load the addon again.
  static const bool noted = (NoteInspector(), true);
  static_cast<void>(noted);
  Export(exports, "sigprocmask", Sigprocmask);
  Export(exports, "sigpending", Sigpending);
  Export(exports, "sigsuspend", Sigsuspend);
  Export(exports, "sigtimedwait", Sigtimedwait);
  Export(exports, "raise", Raise);
  Export(exports, "sigqueue", Sigqueue);
  Export(exports, "pidfd_send_signal", PidfdSendSignal);
  Export(exports, "strsignal", Strsignal);
  TRUEFORK_CONSTANT(constants, NSIG);
  TRUEFORK_CONSTANT(constants, SIGRTMIN);
  TRUEFORK_CONSTANT(constants, SIGRTMAX);
  TRUEFORK_CONSTANT(constants, SIG_BLOCK);
  TRUEFORK_CONSTANT(constants, SIG_UNBLOCK);
  TRUEFORK_CONSTANT(constants, SIG_SETMASK);
  TRUEFORK_CONSTANT(constants, SI_USER);
  TRUEFORK_CONSTANT(constants, SI_KERNEL);
  TRUEFORK_CONSTANT(constants, SI_QUEUE);
  TRUEFORK_CONSTANT(constants, SI_TIMER);
  TRUEFORK_CONSTANT(constants, SI_MESGQ);
  TRUEFORK_CONSTANT(constants, SI_ASYNCIO);
  TRUEFORK_CONSTANT(constants, SI_SIGIO);
  TRUEFORK_CONSTANT(constants, SI_TKILL);
}

}  // namespace truefork
