// unshare(2), setns(2).
#include <sched.h>

#include "families.h"
#include "syscall.h"

// Linux 5.6; glibc has the name since 2.31.
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace truefork {

static Napi::Value Unshare(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), unshare(Int(info, 0)));
}

static Napi::Value Setns(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), setns(Int(info, 0), Int(info, 1)));
}

void NamespaceFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "unshare", Unshare);
  Export(exports, "setns", Setns);
  TRUEFORK_CONSTANT(constants, CLONE_FS);
  TRUEFORK_CONSTANT(constants, CLONE_FILES);
  TRUEFORK_CONSTANT(constants, CLONE_SYSVSEM);
  TRUEFORK_CONSTANT(constants, CLONE_NEWCGROUP);
  TRUEFORK_CONSTANT(constants, CLONE_NEWIPC);
  TRUEFORK_CONSTANT(constants, CLONE_NEWNET);
  TRUEFORK_CONSTANT(constants, CLONE_NEWNS);
  TRUEFORK_CONSTANT(constants, CLONE_NEWPID);
  TRUEFORK_CONSTANT(constants, CLONE_NEWTIME);
  TRUEFORK_CONSTANT(constants, CLONE_NEWUSER);
  TRUEFORK_CONSTANT(constants, CLONE_NEWUTS);
}

}  // namespace truefork
