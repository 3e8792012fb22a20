// sigaction(2), and how what arrives comes to JavaScript.
//
// JavaScript cannot run in a signal handler. The handler here notes what has come, makes an eventfd
// readable, by which the event loop learns of it, and sees to it that a call that blocks is
// interrupted. JavaScript then takes one arrival after the other (lib/posix/handlers.ts).
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actions.h"
#include "arrivals.h"
#include "families.h"
#include "fork/parking.h"
#include "kick.h"
#include "sigset.h"
#include "syscall.h"

namespace truefork {

// As lib/posix/handlers.ts has them.
enum Kind { kAsk = -1, kDefault = 0, kIgnore = 1, kHandler = 2, kForeign = 3 };

// What sigaction(2) was told of each signal that has a handler here. Changed with all signals
// blocked.
static struct {
  int flags;
  sigset_t mask;
} handled[NSIG];

// What of the flags is the kernel's to do, and not this file's.
constexpr int kKernelFlags = SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT;

static bool IsFault(int signal, const siginfo_t* info) {
  if (info->si_code <= 0) return false;
  for (const int fault : {SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) {
    if (signal == fault) return true;
  }
  return false;
}

static void SetDefault(int signal) {
  const struct sigaction action = DefaultAction(signal);
  sigaction(signal, &action, nullptr);
}

// Async-signal-safe. Every signal is blocked.
static void OnSignal(int signal, siginfo_t* info, void* context) {
  const int saved = errno;
  if (IsFault(signal, info)) {
    // There is no JavaScript to go on with: it ends the process, as soon as this returns.
    SetDefault(signal);
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
  } else if (!SentOn(signal, info, context)) {
    Arrive(*info);
    const int flags = handled[signal].flags;
    if ((flags & SA_RESETHAND) != 0) SetDefault(signal);
    if ((flags & SA_RESTART) == 0) Kick();
  }
  errno = saved;
}

static Kind KindOf(int signal, const struct sigaction& action) {
  if (IsDefault(signal, action)) return kDefault;
  if (action.sa_handler == SIG_IGN) return kIgnore;
  return action.sa_sigaction == OnSignal ? kHandler : kForeign;
}

static int Handle(int signal, int flags, const sigset_t& set, const sigset_t& mask) {
  const bool restart = (flags & SA_RESTART) != 0;
  if (!restart) {
    if (const int error = PrepareKick()) return error;
  }
  struct sigaction action = {};
  action.sa_sigaction = OnSignal;
  sigfillset(&action.sa_mask);
  // The other threads are asked by this very signal, and shall not have a call interrupted by it.
  action.sa_flags = SA_SIGINFO | SA_RESTART | (flags & kKernelFlags);
  handled[signal].flags = flags;
  handled[signal].mask = set;
  if (const int error = SetAction(signal, action, mask)) return error;
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  // It may have been the fork engine's, which takes another before this one is closed.
  if (signal >= SIGRTMIN) ParkSignal();
  CloseToOthers(one);
  if (restart) return 0;
  action.sa_flags &= ~SA_RESTART;
  return SetAction(signal, action, mask);
}

// 0 or an errno.
static int Set(int signal, Kind kind, int flags, const sigset_t& set, const sigset_t& mask) {
  if (kind == kHandler) return Handle(signal, flags, set, mask);
  struct sigaction action = {};
  if (kind == kIgnore) {
    action.sa_handler = SIG_IGN;
  } else {
    action = DefaultAction(signal);
  }
  if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) {
    action.sa_flags = flags & ~SA_RESETHAND;
    action.sa_mask = set;
  }
  if (const int error = SetAction(signal, action, mask)) return error;
  if (kind == kIgnore) ForgetArrivals(signal);
  return 0;
}

// sigaction(signal, kind, flags, mask: Uint32Array(2), old: Uint32Array(4)): the kind is -1 to ask
// only. The old action goes into old: its kind, its flags, its mask. EBUSY: the handler is not
// ours.
static Napi::Value Sigaction(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const int signal = Int(info, 0);
  const Kind kind = static_cast<Kind>(Int(info, 1));
  const sigset_t set = ToSet(info[3].As<Napi::Uint32Array>().Data());
  uint32_t* old = info[4].As<Napi::Uint32Array>().Data();
  const AllBlocked blocked;
  if (kind != kAsk && signal == KickSignal()) {
    if (const int error = LeaveKickSignal()) return Failure(env, error);
  }
  struct sigaction action;
  if (const int error = GetAction(signal, &action)) return Failure(env, error);
  Kind before = KindOf(signal, action);
  if (signal >= SIGRTMIN && before == kForeign && signal == ParkSignal()) before = kDefault;
  old[0] = static_cast<uint32_t>(before);
  old[1] = static_cast<uint32_t>(before == kHandler ? handled[signal].flags : action.sa_flags);
  ToWords(before == kHandler ? handled[signal].mask : action.sa_mask, old + 2);
  if (kind == kAsk) return Answer(env, 0);
  if (before == kForeign) return Failure(env, EBUSY);
  if (before == kDefault) LeaveDefault(signal, action);
  const int error = Set(signal, kind, Int(info, 2), set, blocked.before);
  return error == 0 ? Answer(env, 0) : Failure(env, error);
}

// siginterrupt(signal, flag), by sigaction(2): glibc's own also remembers the choice for its
// signal(3), which nobody here calls.
static Napi::Value Siginterrupt(const Napi::CallbackInfo& info) {
  const int signal = Int(info, 0);
  const AllBlocked blocked;
  struct sigaction action;
  if (const int error = GetAction(signal, &action)) return Failure(info.Env(), error);
  const auto change = [&info](int& flags) {
    if (info[1].As<Napi::Boolean>().Value()) {
      flags &= ~SA_RESTART;
    } else {
      flags |= SA_RESTART;
    }
  };
  change(action.sa_flags);
  if (action.sa_sigaction == OnSignal) {
    if (const int error = PrepareKick()) return Failure(info.Env(), error);
    change(handled[signal].flags);
  }
  const int error = SetAction(signal, action, blocked.before);
  return error == 0 ? Answer(info.Env(), 0) : Failure(info.Env(), error);
}

// The array of the count is given back with the rest of the heap, and signals come until the end.
static void OnEnvironmentsEnd(void*) {
  const AllBlocked blocked;
  HideArrivals();
}

// openSignalQueue(count: Int32Array(1)): a descriptor that is readable while signals wait for
// their handlers, whose number is in `count` from now on; or -errno.
static Napi::Value OpenSignalQueue(const Napi::CallbackInfo& info) {
  static Napi::Reference<Napi::Int32Array>& kept = *new Napi::Reference<Napi::Int32Array>;
  kept = Napi::Persistent(info[0].As<Napi::Int32Array>());
  const AllBlocked blocked;
  const int fd = OpenArrivals(kept.Value().Data());
  napi_add_env_cleanup_hook(info.Env(), OnEnvironmentsEnd, nullptr);
  return Napi::Number::New(info.Env(), fd);
}

// renewSignalQueue(): in a child.
static Napi::Value RenewSignalQueue(const Napi::CallbackInfo& info) {
  const AllBlocked blocked;
  int error = RenewArrivals();
  if (error == 0) error = RenewKick();
  return error == 0 ? Answer(info.Env(), 0) : Failure(info.Env(), error);
}

// takeSignal(info: Int32Array(6), mask: Uint32Array(2)): the first arrival whose signal is not
// blocked, with the mask that its handler runs with set; the caller gives back the old one, which
// goes into mask. 0 when there is none.
static Napi::Value TakeSignal(const Napi::CallbackInfo& info) {
  sigset_t next;
  Arrival* arrival = reinterpret_cast<Arrival*>(info[0].As<Napi::Int32Array>().Data());
  {
    const AllBlocked blocked;
    next = blocked.before;
    if (!TakeArrival(next, *arrival)) {
      EndKick();
      return Answer(info.Env(), 0);
    }
    ToWords(next, info[1].As<Napi::Uint32Array>().Data());
    const auto& handler = handled[arrival->signal];
    sigorset(&next, &next, &handler.mask);
    if ((handler.flags & SA_NODEFER) == 0) sigaddset(&next, arrival->signal);
    // What the handler itself calls may block.
    if (!HasArrival(next)) EndKick();
  }
  sigset_t old;
  ChangeMask(SIG_SETMASK, &next, &old);
  return Answer(info.Env(), arrival->signal);
}

// lostSignals(): how many were lost since the last call.
static Napi::Value LostSignals(const Napi::CallbackInfo& info) {
  const AllBlocked blocked;
  return Answer(info.Env(), TakeLost());
}

void SigactionFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "sigaction", Sigaction);
  Export(exports, "siginterrupt", Siginterrupt);
  Export(exports, "openSignalQueue", OpenSignalQueue);
  Export(exports, "renewSignalQueue", RenewSignalQueue);
  Export(exports, "takeSignal", TakeSignal);
  Export(exports, "lostSignals", LostSignals);
  TRUEFORK_CONSTANT(constants, SA_NOCLDSTOP);
  TRUEFORK_CONSTANT(constants, SA_NOCLDWAIT);
  TRUEFORK_CONSTANT(constants, SA_NODEFER);
  TRUEFORK_CONSTANT(constants, SA_RESETHAND);
  TRUEFORK_CONSTANT(constants, SA_RESTART);
}

}  // namespace truefork
