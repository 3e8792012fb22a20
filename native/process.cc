// _exit(2), getpid(2), getppid(2), kill(2), pidfd_open(2), the names of system calls. fork(2) is in
// fork/.
#include <signal.h>
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

void ProcessFamily(Napi::Object exports) {
  Export(exports, "_exit", Exit);
  Export(exports, "getpid", Getpid);
  Export(exports, "getppid", Getppid);
  Export(exports, "kill", Kill);
  Export(exports, "pidfd_open", PidfdOpen);
  Export(exports, "syscallName", SyscallNameCall);
}

}  // namespace truefork
