// _exit(2), getpid(2), getppid(2), kill(2), pidfd_open(2), setsid(2), prctl(2), the names of system
// calls. fork(2) is in fork/.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "fork/threads.h"
#include "syscall.h"

namespace truefork {

static Napi::Value Exit(const Napi::CallbackInfo& info) {
  _exit(Int(info, 0));
}

static Napi::Value Getpid(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), getpid());
}

static Napi::Value Getppid(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), getppid());
}

static Napi::Value Kill(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), kill(Int(info, 0), Int(info, 1)));
}

// By its number: glibc has a wrapper since 2.36 only. Linux 5.3.
static Napi::Value PidfdOpen(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), syscall(SYS_pidfd_open, Int(info, 0), Int(info, 1)));
}

// syscallName(number): its name; undefined of a call that is not in the table.
static Napi::Value SyscallNameCall(const Napi::CallbackInfo& info) {
  const char* name = SyscallName(Int(info, 0));
  return name == nullptr ? info.Env().Undefined() : Napi::String::New(info.Env(), name);
}

static Napi::Value Setsid(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), setsid());
}

// prctl(option, value): those options that take a number, and what the others write is the answer.
static Napi::Value Prctl(const Napi::CallbackInfo& info) {
  if (Int(info, 0) == PR_GET_CHILD_SUBREAPER) {
    int is = 0;
    const int result = prctl(PR_GET_CHILD_SUBREAPER, &is, 0UL, 0UL, 0UL);
    return Answer(info.Env(), result == 0 ? is : result);
  }
  const auto value = static_cast<unsigned long>(Long(info, 1));
  return Answer(info.Env(), prctl(Int(info, 0), value, 0UL, 0UL, 0UL));
}

void ProcessFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "_exit", Exit);
  Export(exports, "getpid", Getpid);
  Export(exports, "getppid", Getppid);
  Export(exports, "kill", Kill);
  Export(exports, "pidfd_open", PidfdOpen);
  Export(exports, "syscallName", SyscallNameCall);
  Export(exports, "setsid", Setsid);
  Export(exports, "prctl", Prctl);
  TRUEFORK_CONSTANT(constants, PR_GET_DUMPABLE);
  TRUEFORK_CONSTANT(constants, PR_SET_DUMPABLE);
  TRUEFORK_CONSTANT(constants, PR_GET_CHILD_SUBREAPER);
  TRUEFORK_CONSTANT(constants, PR_SET_CHILD_SUBREAPER);
}

}  // namespace truefork
