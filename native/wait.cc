// waitpid(2).
#include <sys/wait.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

// waitpid(pid, options, status: Int32Array(1)); the status of what was reaped goes into status[0].
static Napi::Value Waitpid(const Napi::CallbackInfo& info) {
  int* status = info[2].As<Napi::Int32Array>().Data();
  return Answer(info.Env(), waitpid(Int(info, 0), status, Int(info, 1)));
}

void WaitFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "waitpid", Waitpid);
  TRUEFORK_CONSTANT(constants, WNOHANG);
  TRUEFORK_CONSTANT(constants, WUNTRACED);
  TRUEFORK_CONSTANT(constants, WCONTINUED);
}

}  // namespace truefork
