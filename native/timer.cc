// setitimer(2), getitimer(2). Times travel as seconds in doubles: [value, interval].
#include <sys/time.h>

#include <cmath>

#include "families.h"
#include "syscall.h"

namespace truefork {

// Rounded up to the clock's microsecond: a tiny time must not become 0, which means "off".
static timeval ToTimeval(double seconds) {
  const double whole = std::floor(seconds);
  long micros = static_cast<long>(std::ceil((seconds - whole) * 1e6));
  // 1.1 is 1.100000000000000088…: what the decimal fraction already said is not rounded up again.
  const long nearest = std::lround((seconds - whole) * 1e6);
  if (nearest > 0 && std::fabs((seconds - whole) * 1e6 - static_cast<double>(nearest)) < 1e-3) {
    micros = nearest;
  }
  timeval time;
  time.tv_sec = static_cast<time_t>(whole) + micros / 1000000;
  time.tv_usec = micros % 1000000;
  return time;
}

static double ToSeconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

static void Fill(double* out, const itimerval& timer) {
  out[0] = ToSeconds(timer.it_value);
  out[1] = ToSeconds(timer.it_interval);
}

// setitimer(which, value, interval, old: Float64Array(2))
static Napi::Value Setitimer(const Napi::CallbackInfo& info) {
  itimerval timer, old;
  timer.it_value = ToTimeval(info[1].As<Napi::Number>().DoubleValue());
  timer.it_interval = ToTimeval(info[2].As<Napi::Number>().DoubleValue());
  const int result = setitimer(static_cast<__itimer_which_t>(Int(info, 0)), &timer, &old);
  if (result == 0) Fill(info[3].As<Napi::Float64Array>().Data(), old);
  return Answer(info.Env(), result);
}

// getitimer(which, current: Float64Array(2))
static Napi::Value Getitimer(const Napi::CallbackInfo& info) {
  itimerval timer;
  const int result = getitimer(static_cast<__itimer_which_t>(Int(info, 0)), &timer);
  if (result == 0) Fill(info[1].As<Napi::Float64Array>().Data(), timer);
  return Answer(info.Env(), result);
}

void TimerFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "setitimer", Setitimer);
  Export(exports, "getitimer", Getitimer);
  TRUEFORK_CONSTANT(constants, ITIMER_REAL);
  TRUEFORK_CONSTANT(constants, ITIMER_VIRTUAL);
  TRUEFORK_CONSTANT(constants, ITIMER_PROF);
}

}  // namespace truefork
