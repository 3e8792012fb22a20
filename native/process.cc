// What a process is, and to whom it belongs: its end, its ids, process groups, sessions and their
// terminal, kill(2), descriptors of processes, prctl(2), the names of system calls. fork(2) is in
// fork/.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "families.h"
#include "fork/threads.h"
#include "syscall.h"

namespace truefork {

static Napi::Value Exit(const Napi::CallbackInfo& info) {
  _exit(Int(info, 0));
}

static Napi::Value Abort(const Napi::CallbackInfo& info) {
  abort();
}

static Napi::Value Getpid(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), getpid());
}

static Napi::Value Getppid(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), getppid());
}

static Napi::Value Gettid(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), gettid());
}

static Napi::Value Getpgid(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), getpgid(Int(info, 0)));
}

static Napi::Value Setpgid(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), setpgid(Int(info, 0), Int(info, 1)));
}

static Napi::Value Getsid(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), getsid(Int(info, 0)));
}

static Napi::Value Setsid(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), setsid());
}

static Napi::Value Tcgetpgrp(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), tcgetpgrp(Int(info, 0)));
}

static Napi::Value Tcsetpgrp(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), tcsetpgrp(Int(info, 0), Int(info, 1)));
}

static Napi::Value Kill(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), kill(Int(info, 0), Int(info, 1)));
}

static Napi::Value Killpg(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), killpg(Int(info, 0), Int(info, 1)));
}

// By its number: glibc has a wrapper since 2.36 only. Linux 5.3.
static Napi::Value PidfdOpen(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), syscall(SYS_pidfd_open, Int(info, 0), Int(info, 1)));
}

// By its number, as pidfd_open. Linux 5.6.
static Napi::Value PidfdGetfd(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), syscall(SYS_pidfd_getfd, Int(info, 0), Int(info, 1), Int(info, 2)));
}

// syscallName(number): its name; undefined of a call that is not in the table.
static Napi::Value SyscallNameCall(const Napi::CallbackInfo& info) {
  const char* name = SyscallName(Int(info, 0));
  return name == nullptr ? info.Env().Undefined() : Napi::String::New(info.Env(), name);
}

// prctl(option, value): those options that take a number, and those that write an int, which is the
// answer then.
static Napi::Value Prctl(const Napi::CallbackInfo& info) {
  const int option = Int(info, 0);
  int written = 0;
  switch (option) {
    case PR_GET_CHILD_SUBREAPER:
    case PR_GET_PDEATHSIG:
    case PR_GET_TSC:
    case PR_GET_UNALIGN:
    case PR_GET_FPEMU:
    case PR_GET_FPEXC:
    case PR_GET_ENDIAN: {
      const int result = prctl(option, &written, 0UL, 0UL, 0UL);
      return Answer(info.Env(), result == 0 ? written : result);
    }
    default: {
      const auto value = static_cast<unsigned long>(Long(info, 1));
      return Answer(info.Env(), prctl(option, value, 0UL, 0UL, 0UL));
    }
  }
}

// The most that the kernel keeps of a thread's name, with the null byte.
constexpr size_t kNameSize = 16;

static Napi::Value ThreadName(const Napi::CallbackInfo& info) {
  char name[kNameSize] = "";
  const int result = prctl(PR_GET_NAME, name, 0UL, 0UL, 0UL);
  if (result != 0) return Answer(info.Env(), result);
  return Napi::String::New(info.Env(), name);
}

static Napi::Value SetThreadName(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), prctl(PR_SET_NAME, Text(info, 0).c_str(), 0UL, 0UL, 0UL));
}

void ProcessFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "_exit", Exit);
  Export(exports, "abort", Abort);
  Export(exports, "getpid", Getpid);
  Export(exports, "getppid", Getppid);
  Export(exports, "gettid", Gettid);
  Export(exports, "getpgid", Getpgid);
  Export(exports, "setpgid", Setpgid);
  Export(exports, "getsid", Getsid);
  Export(exports, "setsid", Setsid);
  Export(exports, "tcgetpgrp", Tcgetpgrp);
  Export(exports, "tcsetpgrp", Tcsetpgrp);
  Export(exports, "kill", Kill);
  Export(exports, "killpg", Killpg);
  Export(exports, "pidfd_open", PidfdOpen);
  Export(exports, "pidfd_getfd", PidfdGetfd);
  Export(exports, "prctl", Prctl);
  Export(exports, "threadName", ThreadName);
  Export(exports, "setThreadName", SetThreadName);
  Export(exports, "syscallName", SyscallNameCall);
  // glibc has the name since 2.36 only.
  constants["PIDFD_NONBLOCK"] = static_cast<double>(O_NONBLOCK);
  TRUEFORK_CONSTANT(constants, PR_GET_CHILD_SUBREAPER);
  TRUEFORK_CONSTANT(constants, PR_SET_CHILD_SUBREAPER);
  TRUEFORK_CONSTANT(constants, PR_GET_DUMPABLE);
  TRUEFORK_CONSTANT(constants, PR_SET_DUMPABLE);
  TRUEFORK_CONSTANT(constants, PR_GET_KEEPCAPS);
  TRUEFORK_CONSTANT(constants, PR_SET_KEEPCAPS);
  TRUEFORK_CONSTANT(constants, PR_GET_NAME);
  TRUEFORK_CONSTANT(constants, PR_SET_NAME);
  TRUEFORK_CONSTANT(constants, PR_GET_NO_NEW_PRIVS);
  TRUEFORK_CONSTANT(constants, PR_SET_NO_NEW_PRIVS);
  TRUEFORK_CONSTANT(constants, PR_GET_PDEATHSIG);
  TRUEFORK_CONSTANT(constants, PR_SET_PDEATHSIG);
  TRUEFORK_CONSTANT(constants, PR_GET_TID_ADDRESS);
  TRUEFORK_CONSTANT(constants, PR_GET_TIMERSLACK);
  TRUEFORK_CONSTANT(constants, PR_SET_TIMERSLACK);
}

}  // namespace truefork
