// getrusage(2), prlimit(2), times(2), getloadavg(3).
#include <sys/resource.h>
#include <sys/times.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "families.h"
#include "syscall.h"
#include "usage.h"

namespace truefork {

// getrusage(who, usage: Float64Array(kUsageFields))
static Napi::Value Getrusage(const Napi::CallbackInfo& info) {
  rusage usage;
  const int result = getrusage(static_cast<__rusage_who_t>(Int(info, 0)), &usage);
  if (result == 0) FillUsage(info[1].As<Napi::Float64Array>().Data(), usage);
  return Answer(info.Env(), result);
}

// No limit travels as Infinity.
static rlim_t ToLimit(double value) {
  return std::isinf(value) ? RLIM_INFINITY : static_cast<rlim_t>(value);
}

static double FromLimit(rlim_t value) {
  return value == RLIM_INFINITY ? INFINITY : static_cast<double>(value);
}

// prlimit(pid, resource, limits: Float64Array(2) | null, old: Float64Array(2)): the soft one, and
// the hard one.
static Napi::Value Prlimit(const Napi::CallbackInfo& info) {
  rlimit limits, old;
  const bool change = Given(info, 2);
  if (change) {
    const double* wanted = info[2].As<Napi::Float64Array>().Data();
    limits = {ToLimit(wanted[0]), ToLimit(wanted[1])};
  }
  const auto resource = static_cast<__rlimit_resource>(Int(info, 1));
  const int result = prlimit(Int(info, 0), resource, change ? &limits : nullptr, &old);
  if (result == 0) {
    double* out = info[3].As<Napi::Float64Array>().Data();
    out[0] = FromLimit(old.rlim_cur);
    out[1] = FromLimit(old.rlim_max);
  }
  return Answer(info.Env(), result);
}

// times(out: Float64Array(5)): the four fields of struct tms and what the call returns, in seconds.
static Napi::Value Times(const Napi::CallbackInfo& info) {
  tms spent;
  const clock_t elapsed = times(&spent);
  const auto tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  double* out = info[0].As<Napi::Float64Array>().Data();
  out[0] = static_cast<double>(spent.tms_utime) * tick;
  out[1] = static_cast<double>(spent.tms_stime) * tick;
  out[2] = static_cast<double>(spent.tms_cutime) * tick;
  out[3] = static_cast<double>(spent.tms_cstime) * tick;
  out[4] = static_cast<double>(elapsed) * tick;
  return Answer(info.Env(), 0);
}

// getloadavg(averages: Float64Array(3))
static Napi::Value Getloadavg(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), getloadavg(info[0].As<Napi::Float64Array>().Data(), 3));
}

void ResourceFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "getrusage", Getrusage);
  Export(exports, "prlimit", Prlimit);
  Export(exports, "times", Times);
  Export(exports, "getloadavg", Getloadavg);
  TRUEFORK_CONSTANT(constants, RUSAGE_SELF);
  TRUEFORK_CONSTANT(constants, RUSAGE_CHILDREN);
  TRUEFORK_CONSTANT(constants, RUSAGE_THREAD);
  TRUEFORK_CONSTANT(constants, RLIMIT_AS);
  TRUEFORK_CONSTANT(constants, RLIMIT_CORE);
  TRUEFORK_CONSTANT(constants, RLIMIT_CPU);
  TRUEFORK_CONSTANT(constants, RLIMIT_DATA);
  TRUEFORK_CONSTANT(constants, RLIMIT_FSIZE);
  TRUEFORK_CONSTANT(constants, RLIMIT_LOCKS);
  TRUEFORK_CONSTANT(constants, RLIMIT_MEMLOCK);
  TRUEFORK_CONSTANT(constants, RLIMIT_MSGQUEUE);
  TRUEFORK_CONSTANT(constants, RLIMIT_NICE);
  TRUEFORK_CONSTANT(constants, RLIMIT_NOFILE);
  TRUEFORK_CONSTANT(constants, RLIMIT_NPROC);
  TRUEFORK_CONSTANT(constants, RLIMIT_RSS);
  TRUEFORK_CONSTANT(constants, RLIMIT_RTPRIO);
  TRUEFORK_CONSTANT(constants, RLIMIT_RTTIME);
  TRUEFORK_CONSTANT(constants, RLIMIT_SIGPENDING);
  TRUEFORK_CONSTANT(constants, RLIMIT_STACK);
}

}  // namespace truefork
