#include "actions.h"

#include <time.h>
#include <ucontext.h>

#include <atomic>
#include <cerrno>
#include <chrono>

#include "arrivals.h"
#include "fork/parking.h"
#include "fork/threads.h"

namespace truefork {

static struct sigaction inspector;
static struct sigaction hidden[NSIG];
// Those whose default action is in `hidden`.
static sigset_t guarded;
static sigset_t closed;
static std::atomic<int> answers{0};

// What ended the process by SIGINT and SIGTERM before a handler was there: Node's handler, which
// restores the terminal first, or that of a forked child.
static struct sigaction* EndingAction(int signal) {
  static struct sigaction sigint, sigterm;
  if (signal == SIGINT) return &sigint;
  return signal == SIGTERM ? &sigterm : nullptr;
}

void NoteInspector() {
  struct sigaction action;
  if (sigaction(SIGUSR1, nullptr, &action) != 0) return;
  // A handler of libuv's, for process.on(), restarts calls.
  if (action.sa_handler != SIG_IGN && (action.sa_flags & SA_RESTART) == 0) inspector = action;
}

bool IsDefault(int signal, const struct sigaction& action) {
  if (action.sa_handler == SIG_DFL) return true;
  if (action.sa_handler == SIG_IGN) return false;
  if (signal == SIGUSR1) return action.sa_handler == inspector.sa_handler;
  return EndingAction(signal) != nullptr && (action.sa_flags & SA_RESETHAND) != 0;
}

void LeaveDefault(int signal, const struct sigaction& action) {
  if (struct sigaction* ending = EndingAction(signal)) *ending = action;
}

struct sigaction DefaultAction(int signal) {
  if (const struct sigaction* ending = EndingAction(signal)) return *ending;
  // To start the inspector is not what SIGUSR1 does in POSIX.
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  return action;
}

// Not those that a thread sends itself by a fault, nor the profiler's: each thread takes its own.
static bool MayBeGuarded(int signal) {
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF}) {
    if (signal == own) return false;
  }
  return true;
}

static bool MayBeClosed(int signal) {
  return signal <= SIGRTMAX - 3;
}

bool SentOn(int signal, siginfo_t* info, void* context) {
  const pid_t process = getpid();
  if (syscall(SYS_gettid) == process) return false;
  sigset_t& mask = static_cast<ucontext_t*>(context)->uc_sigmask;
  // What CloseToOthers sends.
  if (info->si_code == SI_QUEUE && info->si_pid == process && info->si_value.sival_ptr == &closed) {
    for (int other = 1; other < NSIG; other++) {
      if (sigismember(&closed, other) == 1) sigaddset(&mask, other);
    }
    answers++;
    return true;
  }
  if (MayBeClosed(signal)) sigaddset(&mask, signal);
  siginfo_t sent = ToSendOn(*info);
  if (syscall(SYS_rt_tgsigqueueinfo, process, process, signal, &sent) != 0) Lose();
  return true;
}

static void OnGuard(int signal, siginfo_t* info, void* context) {
  const int saved = errno;
  if (!SentOn(signal, info, context)) {
    // Somebody has let it in behind our back: it does what it does without a guard, as soon as this
    // handler returns.
    sigaction(signal, &hidden[signal], nullptr);
    syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), signal, info);
  }
  errno = saved;
}

bool IsClosed(int signal) {
  return sigismember(&closed, signal) == 1;
}

static void Nap() {
  const timespec time = {0, 50000};
  nanosleep(&time, nullptr);
}

void CloseToOthers(const sigset_t& signals) {
  int carrier = 0;
  for (int signal = 1; signal < NSIG; signal++) {
    if (sigismember(&signals, signal) != 1 || IsClosed(signal) || !MayBeClosed(signal)) continue;
    sigaddset(&closed, signal);
    carrier = signal;
  }
  if (carrier == 0) return;
  const auto tids = OtherThreads();
  if (!tids) return;
  siginfo_t info = {};
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_value.sival_ptr = &closed;
  int asked = 0;
  answers = 0;
  for (const pid_t tid : *tids) {
    Thread thread;
    thread.tid = tid;
    if (Blocks(thread, carrier).value_or(true)) continue;
    if (syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, carrier, &info) == 0) asked++;
  }
  // One that does not get a processor in time answers later.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  while (answers < asked && std::chrono::steady_clock::now() < deadline) Nap();
}

// Somebody, libuv above all, may have put a handler in the place of the guard.
static bool Guarded(int signal) {
  if (sigismember(&guarded, signal) != 1) return false;
  struct sigaction action;
  if (sigaction(signal, nullptr, &action) == 0 && action.sa_sigaction == OnGuard) return true;
  sigdelset(&guarded, signal);
  return false;
}

int GetAction(int signal, struct sigaction* action) {
  if (!Guarded(signal)) return sigaction(signal, nullptr, action) == 0 ? 0 : errno;
  *action = hidden[signal];
  return 0;
}

static void PutGuard(int signal, const struct sigaction& action) {
  struct sigaction guard = {};
  guard.sa_sigaction = OnGuard;
  guard.sa_flags = SA_SIGINFO | SA_RESTART | (action.sa_flags & (SA_NOCLDSTOP | SA_NOCLDWAIT));
  sigfillset(&guard.sa_mask);
  hidden[signal] = action;
  if (sigaction(signal, &guard, nullptr) == 0) sigaddset(&guarded, signal);
}

static void TakeGuard(int signal) {
  sigdelset(&guarded, signal);
  sigaction(signal, &hidden[signal], nullptr);
}

int SetAction(int signal, const struct sigaction& action, const sigset_t& mask) {
  if (sigaction(signal, &action, nullptr) != 0) return errno;
  sigdelset(&guarded, signal);
  if (IsDefault(signal, action) && OnMainThread()) GuardFor(mask);
  return 0;
}

static void OpenFor(const sigset_t& mask) {
  for (int signal = 1; signal < NSIG; signal++) {
    if (sigismember(&mask, signal) == 0 && Guarded(signal)) TakeGuard(signal);
  }
}

static void CloseFor(const sigset_t& mask) {
  sigset_t fresh;
  sigemptyset(&fresh);
  for (int signal = 1; signal < NSIG; signal++) {
    struct sigaction action;
    if (sigismember(&mask, signal) != 1 || Guarded(signal)) continue;
    if (!MayBeGuarded(signal) || sigaction(signal, nullptr, &action) != 0) continue;
    if (!IsDefault(signal, action)) continue;
    // The fork engine's own signal, which the other threads must not block, is not free any more.
    if (signal >= SIGRTMIN && ParkSignal() == signal) continue;
    PutGuard(signal, action);
    if (sigismember(&guarded, signal) == 1) sigaddset(&fresh, signal);
  }
  CloseToOthers(fresh);
}

void GuardFor(const sigset_t& mask) {
  OpenFor(mask);
  CloseFor(mask);
}

// What the kernel makes of `how`. 0 or an errno.
static int Next(int how, const sigset_t& set, sigset_t& mask) {
  if (how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK) return EINVAL;
  for (int signal = 1; signal < NSIG; signal++) {
    const bool in = sigismember(&set, signal) == 1;
    if (in && how != SIG_UNBLOCK) sigaddset(&mask, signal);
    if (how == SIG_UNBLOCK ? in : how == SIG_SETMASK && !in) sigdelset(&mask, signal);
  }
  return 0;
}

int ChangeMask(int how, const sigset_t* set, sigset_t* old) {
  sigset_t mask;
  if (set == nullptr || !OnMainThread()) return pthread_sigmask(how, set, old);
  if (const int error = pthread_sigmask(SIG_BLOCK, nullptr, &mask)) return error;
  *old = mask;
  if (const int error = Next(how, *set, mask)) return error;
  // A pending signal that is let in meets its own action.
  OpenFor(mask);
  const int error = pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  if (error == 0) CloseFor(mask);
  return error;
}

}  // namespace truefork
