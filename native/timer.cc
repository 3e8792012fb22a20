// setitimer(2), getitimer(2), alarm(2), timerfd_create(2) and its like, nanosleep(2).
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "actions.h"
#include "arrivals.h"
#include "families.h"
#include "seconds.h"
#include "sigset.h"
#include "syscall.h"

namespace truefork {

// [value, interval], of an itimerval or an itimerspec.
template <typename Timer>
static void Fill(const Napi::Value& out, const Timer& timer) {
  double* seconds = out.As<Napi::Float64Array>().Data();
  seconds[0] = ToSeconds(timer.it_value);
  seconds[1] = ToSeconds(timer.it_interval);
}

// setitimer(which, value, interval, old: Float64Array(2))
static Napi::Value Setitimer(const Napi::CallbackInfo& info) {
  itimerval timer, old;
  timer.it_value = ToTimeval(Double(info, 1));
  timer.it_interval = ToTimeval(Double(info, 2));
  const int result = setitimer(static_cast<__itimer_which_t>(Int(info, 0)), &timer, &old);
  if (result == 0) Fill(info[3], old);
  return Answer(info.Env(), result);
}

// getitimer(which, current: Float64Array(2))
static Napi::Value Getitimer(const Napi::CallbackInfo& info) {
  itimerval timer;
  const int result = getitimer(static_cast<__itimer_which_t>(Int(info, 0)), &timer);
  if (result == 0) Fill(info[1], timer);
  return Answer(info.Env(), result);
}

static Napi::Value Alarm(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), alarm(static_cast<unsigned>(Int(info, 0))));
}

static Napi::Value TimerfdCreate(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), timerfd_create(Int(info, 0), Int(info, 1)));
}

// timerfd_settime(fd, flags, value, interval, old: Float64Array(2))
static Napi::Value TimerfdSettime(const Napi::CallbackInfo& info) {
  itimerspec timer, old;
  timer.it_value = ToTimespec(Double(info, 2));
  timer.it_interval = ToTimespec(Double(info, 3));
  const int result = timerfd_settime(Int(info, 0), Int(info, 1), &timer, &old);
  if (result == 0) Fill(info[4], old);
  return Answer(info.Env(), result);
}

// timerfd_gettime(fd, current: Float64Array(2))
static Napi::Value TimerfdGettime(const Napi::CallbackInfo& info) {
  itimerspec timer;
  const int result = timerfd_gettime(Int(info, 0), &timer);
  if (result == 0) Fill(info[1], timer);
  return Answer(info.Env(), result);
}

static double Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return ToSeconds(now);
}

// nanosleep(seconds, left: Float64Array(1)), by ppoll(2), which lets signals in when it sleeps and
// not before: none comes between the look at what has arrived and the sleep.
static Napi::Value Nanosleep(const Napi::CallbackInfo& info) {
  const double seconds = Double(info, 0);
  const timespec time = ToTimespec(seconds);
  double& left = info[1].As<Napi::Float64Array>()[0];
  const AllBlocked blocked;
  const double began = Now();
  int result = -1;
  errno = EINTR;
  if (!OnMainThread() || !HasArrival(blocked.before)) {
    result = ppoll(nullptr, 0, &time, &blocked.before);
  }
  const Napi::Value answer = Answer(info.Env(), result);
  left = result == 0 ? 0 : std::max(0.0, seconds - (Now() - began));
  return answer;
}

void TimerFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "setitimer", Setitimer);
  Export(exports, "getitimer", Getitimer);
  Export(exports, "alarm", Alarm);
  Export(exports, "timerfd_create", TimerfdCreate);
  Export(exports, "timerfd_settime", TimerfdSettime);
  Export(exports, "timerfd_gettime", TimerfdGettime);
  Export(exports, "nanosleep", Nanosleep);
  TRUEFORK_CONSTANT(constants, ITIMER_REAL);
  TRUEFORK_CONSTANT(constants, ITIMER_VIRTUAL);
  TRUEFORK_CONSTANT(constants, ITIMER_PROF);
  TRUEFORK_CONSTANT(constants, CLOCK_REALTIME);
  TRUEFORK_CONSTANT(constants, CLOCK_MONOTONIC);
  TRUEFORK_CONSTANT(constants, CLOCK_BOOTTIME);
  TRUEFORK_CONSTANT(constants, TFD_CLOEXEC);
  TRUEFORK_CONSTANT(constants, TFD_NONBLOCK);
  TRUEFORK_CONSTANT(constants, TFD_TIMER_ABSTIME);
  TRUEFORK_CONSTANT(constants, TFD_TIMER_CANCEL_ON_SET);
}

}  // namespace truefork
