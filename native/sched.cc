// nice(2), getpriority(2), setpriority(2), and the calls of <sched.h>.
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>

#include "families.h"
#include "syscall.h"

namespace truefork {

// A nice value may be -1, which errno alone tells from an error. It travels with this added.
constexpr int kNiceOffset = 20;

template <typename Call>
static Napi::Value NiceValue(Napi::Env env, Call call) {
  errno = 0;
  const int value = call();
  if (value == -1 && errno != 0) return Failure(env, errno);
  return Answer(env, value + kNiceOffset);
}

static Napi::Value Nice(const Napi::CallbackInfo& info) {
  return NiceValue(info.Env(), [&] { return nice(Int(info, 0)); });
}

static Napi::Value Getpriority(const Napi::CallbackInfo& info) {
  // A number that is none of the enum's values is the kernel's to refuse.
  const int which = Int(info, 0);
  const auto who = static_cast<id_t>(Long(info, 1));
  return NiceValue(info.Env(),
                   [&] { return getpriority(static_cast<__priority_which>(which), who); });
}

static Napi::Value Setpriority(const Napi::CallbackInfo& info) {
  const auto which = static_cast<__priority_which>(Int(info, 0));
  const auto who = static_cast<id_t>(Long(info, 1));
  return Answer(info.Env(), setpriority(which, who, Int(info, 2)));
}

static Napi::Value SchedYield(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), sched_yield());
}

// A set for processors 0 to count - 1.
class CpuSet {
 public:
  explicit CpuSet(size_t count) : size_(CPU_ALLOC_SIZE(count)), set_(CPU_ALLOC(count)) {
    CPU_ZERO_S(size_, set_);
  }
  CpuSet(const CpuSet&) = delete;
  CpuSet& operator=(const CpuSet&) = delete;
  ~CpuSet() { CPU_FREE(set_); }

  size_t size() const { return size_; }
  cpu_set_t* get() const { return set_; }

 private:
  size_t size_;
  cpu_set_t* set_;
};

// sched_getaffinity(pid): the numbers of the processors, or -errno.
static Napi::Value SchedGetaffinity(const Napi::CallbackInfo& info) {
  // The kernel says EINVAL to a set that is smaller than its own.
  constexpr size_t kMost = 1 << 20;
  for (size_t count = 1024;; count *= 2) {
    const CpuSet set(count);
    if (sched_getaffinity(Int(info, 0), set.size(), set.get()) != 0) {
      if (errno == EINVAL && count < kMost) continue;
      return Answer(info.Env(), -1);
    }
    Napi::Array cpus = Napi::Array::New(info.Env());
    for (size_t cpu = 0; cpu < count; cpu++) {
      if (CPU_ISSET_S(cpu, set.size(), set.get())) cpus.Set(cpus.Length(), cpu);
    }
    return cpus;
  }
}

// sched_setaffinity(pid, cpus: Uint32Array, count): all of them are less than count.
static Napi::Value SchedSetaffinity(const Napi::CallbackInfo& info) {
  const auto cpus = info[1].As<Napi::Uint32Array>();
  const CpuSet set(static_cast<size_t>(Long(info, 2)));
  for (size_t i = 0; i < cpus.ElementLength(); i++) {
    CPU_SET_S(cpus[i], set.size(), set.get());
  }
  return Answer(info.Env(), sched_setaffinity(Int(info, 0), set.size(), set.get()));
}

static Napi::Value SchedGetscheduler(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), sched_getscheduler(Int(info, 0)));
}

static sched_param Param(const Napi::CallbackInfo& info, size_t index) {
  sched_param param{};
  param.sched_priority = Int(info, index);
  return param;
}

// sched_setscheduler(pid, policy, priority)
static Napi::Value SchedSetscheduler(const Napi::CallbackInfo& info) {
  const sched_param param = Param(info, 2);
  return Answer(info.Env(), sched_setscheduler(Int(info, 0), Int(info, 1), &param));
}

// sched_getparam(pid): the priority.
static Napi::Value SchedGetparam(const Napi::CallbackInfo& info) {
  sched_param param;
  const int result = sched_getparam(Int(info, 0), &param);
  return Answer(info.Env(), result == 0 ? param.sched_priority : result);
}

// sched_setparam(pid, priority)
static Napi::Value SchedSetparam(const Napi::CallbackInfo& info) {
  const sched_param param = Param(info, 1);
  return Answer(info.Env(), sched_setparam(Int(info, 0), &param));
}

static Napi::Value SchedGetPriorityMin(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), sched_get_priority_min(Int(info, 0)));
}

static Napi::Value SchedGetPriorityMax(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), sched_get_priority_max(Int(info, 0)));
}

void SchedFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "nice", Nice);
  Export(exports, "getpriority", Getpriority);
  Export(exports, "setpriority", Setpriority);
  Export(exports, "sched_yield", SchedYield);
  Export(exports, "sched_getaffinity", SchedGetaffinity);
  Export(exports, "sched_setaffinity", SchedSetaffinity);
  Export(exports, "sched_getscheduler", SchedGetscheduler);
  Export(exports, "sched_setscheduler", SchedSetscheduler);
  Export(exports, "sched_getparam", SchedGetparam);
  Export(exports, "sched_setparam", SchedSetparam);
  Export(exports, "sched_get_priority_min", SchedGetPriorityMin);
  Export(exports, "sched_get_priority_max", SchedGetPriorityMax);
  TRUEFORK_CONSTANT(constants, PRIO_PROCESS);
  TRUEFORK_CONSTANT(constants, PRIO_PGRP);
  TRUEFORK_CONSTANT(constants, PRIO_USER);
  TRUEFORK_CONSTANT(constants, SCHED_OTHER);
  TRUEFORK_CONSTANT(constants, SCHED_BATCH);
  TRUEFORK_CONSTANT(constants, SCHED_IDLE);
  TRUEFORK_CONSTANT(constants, SCHED_FIFO);
  TRUEFORK_CONSTANT(constants, SCHED_RR);
  TRUEFORK_CONSTANT(constants, SCHED_RESET_ON_FORK);
}

}  // namespace truefork
