#include "kick.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "actions.h"
#include "fork/parking.h"

namespace truefork {

static int kick_signal = 0;
static timer_t timer;

// Nanoseconds until the next kick; 0: there is none. The first comes soon: the call may be about to
// block. Then they become fewer: JavaScript may compute for long.
static long period = 0;
constexpr long kShortest = 100000;
constexpr long kLongest = 10000000;

static void Wind(long nanoseconds) {
  period = nanoseconds;
  const itimerspec times = {{0, 0}, {0, nanoseconds}};
  timer_settime(timer, 0, &times, nullptr);
}

// That it runs is what interrupts.
static void OnKick(int) {
  const int saved = errno;
  if (period != 0) Wind(std::min(2 * period, kLongest));
  errno = saved;
}

static int MakeTimer() {
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = kick_signal;
  // The name of the field is glibc's since 2.38 only.
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  period = 0;
  return timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 ? 0 : errno;
}

// From the top down: programs take theirs from SIGRTMIN on.
static int FreeSignal(int taken) {
  const int park = ParkSignal();
  for (int signal = SIGRTMAX; signal >= SIGRTMIN; signal--) {
    struct sigaction action;
    if (signal == park || signal == taken || IsClosed(signal)) continue;
    if (GetAction(signal, &action) == 0 && action.sa_handler == SIG_DFL) return signal;
  }
  return 0;
}

static int Take(int signal) {
  if (signal == 0) return 0;
  struct sigaction action = {};
  action.sa_handler = OnKick;
  sigfillset(&action.sa_mask);
  if (sigaction(signal, &action, nullptr) != 0) return errno;
  kick_signal = signal;
  const int error = MakeTimer();
  if (error != 0) {
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);
    kick_signal = 0;
  }
  return error;
}

int PrepareKick() {
  return kick_signal != 0 ? 0 : Take(FreeSignal(0));
}

int KickSignal() {
  return kick_signal;
}

int LeaveKickSignal() {
  const int left = kick_signal;
  timer_delete(timer);
  kick_signal = 0;
  // A kick that has come while all signals are blocked outlives its timer, before Linux 6.13, and
  // would end the process: to ignore a signal takes it away.
  struct sigaction action = {};
  action.sa_handler = SIG_IGN;
  sigaction(left, &action, nullptr);
  action.sa_handler = SIG_DFL;
  sigaction(left, &action, nullptr);
  return Take(FreeSignal(left));
}

void Kick() {
  if (kick_signal != 0 && period == 0) Wind(kShortest);
}

void EndKick() {
  if (period != 0) Wind(0);
}

int RenewKick() {
  return kick_signal == 0 ? 0 : MakeTimer();
}

}  // namespace truefork
