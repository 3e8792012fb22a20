// futex(2): FUTEX_WAIT and FUTEX_WAKE, between processes (without FUTEX_PRIVATE_FLAG).
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmath>
#include <ctime>

#include "families.h"
#include "seconds.h"
#include "syscall.h"

namespace truefork {

// The word of an Int32Array.
static int32_t* Word(const Napi::CallbackInfo& info) {
  return ToElements<int32_t>(info, 0).data + Long(info, 1);
}

// futexWait(words: Int32Array, index, expected, milliseconds, Infinity: no limit)
static Napi::Value FutexWait(const Napi::CallbackInfo& info) {
  const double milliseconds = Double(info, 3);
  const bool limited = std::isfinite(milliseconds);
  const timespec limit = limited ? ToTimespec(milliseconds / 1e3) : timespec{};
  const long result = syscall(SYS_futex, Word(info), FUTEX_WAIT, Int(info, 2),
                              limited ? &limit : nullptr, nullptr, 0);
  return Answer(info.Env(), result);
}

// futexWake(words: Int32Array, index, count)
static Napi::Value FutexWake(const Napi::CallbackInfo& info) {
  const long result = syscall(SYS_futex, Word(info), FUTEX_WAKE, Int(info, 2), nullptr, nullptr, 0);
  return Answer(info.Env(), result);
}

void FutexFamily(Napi::Object exports) {
  Export(exports, "futexWait", FutexWait);
  Export(exports, "futexWake", FutexWake);
}

}  // namespace truefork
