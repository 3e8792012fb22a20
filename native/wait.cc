// waitpid(2), wait4(2), waitid(2), and for whom the event loop waits.
#include <sys/wait.h>
#include <uv.h>

#include <cstring>

#include "families.h"
#include "syscall.h"
#include "usage.h"

namespace truefork {

// waitpid(pid, options, status: Int32Array(1)); the status of what was reaped goes into status[0].
static Napi::Value Waitpid(const Napi::CallbackInfo& info) {
  int* status = ToElements<int>(info, 2).data;
  return Answer(info.Env(), waitpid(Int(info, 0), status, Int(info, 1)));
}

// wait4(pid, options, status: Int32Array(1), usage: Float64Array(kUsageFields)); zeros if nobody
// was reaped.
static Napi::Value Wait4(const Napi::CallbackInfo& info) {
  int* status = info[2].As<Napi::Int32Array>().Data();
  rusage usage{};
  const pid_t found = wait4(Int(info, 0), status, Int(info, 1), &usage);
  const Napi::Value answer = Answer(info.Env(), found);
  FillUsage(info[3].As<Napi::Float64Array>().Data(), usage);
  return answer;
}

// waitid(idtype, id, options, info: Int32Array(4)): what it tells of a child goes into info, the
// pid, the user, the code and the status of siginfo_t; zeros where there is nothing to tell.
static Napi::Value Waitid(const Napi::CallbackInfo& info) {
  siginfo_t child;
  memset(&child, 0, sizeof child);
  const auto id = static_cast<id_t>(Int(info, 1));
  const int result = waitid(static_cast<idtype_t>(Int(info, 0)), id, &child, Int(info, 2));
  const Napi::Value answer = Answer(info.Env(), result);
  int* out = info[3].As<Napi::Int32Array>().Data();
  out[0] = child.si_pid;
  out[1] = static_cast<int>(child.si_uid);
  out[2] = child.si_code;
  out[3] = child.si_status;
  return answer;
}

// spawned(): the pids of the children that the event loop of this thread waits for.
static Napi::Value Spawned(const Napi::CallbackInfo& info) {
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(info.Env(), &loop) != napi_ok) return Failure(info.Env(), ENOTSUP);
  Napi::Array pids = Napi::Array::New(info.Env());
  const auto add = [](uv_handle_t* handle, void* list) {
    // One that is not active it has waited for.
    if (uv_handle_get_type(handle) != UV_PROCESS || uv_is_active(handle) == 0) return;
    auto& array = *static_cast<Napi::Array*>(list);
    array.Set(array.Length(), uv_process_get_pid(reinterpret_cast<uv_process_t*>(handle)));
  };
  uv_walk(loop, add, &pids);
  return pids;
}

void WaitFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "waitpid", Waitpid);
  Export(exports, "wait4", Wait4);
  Export(exports, "waitid", Waitid);
  Export(exports, "spawned", Spawned);
  TRUEFORK_CONSTANT(constants, WNOHANG);
  TRUEFORK_CONSTANT(constants, WUNTRACED);
  TRUEFORK_CONSTANT(constants, WCONTINUED);
  TRUEFORK_CONSTANT(constants, WEXITED);
  TRUEFORK_CONSTANT(constants, WSTOPPED);
  TRUEFORK_CONSTANT(constants, WNOWAIT);
  TRUEFORK_CONSTANT(constants, __WNOTHREAD);
  TRUEFORK_CONSTANT(constants, P_ALL);
  TRUEFORK_CONSTANT(constants, P_PID);
  TRUEFORK_CONSTANT(constants, P_PGID);
  // glibc has the name since 2.36 only.
  constants["P_PIDFD"] = 3.0;
  TRUEFORK_CONSTANT(constants, CLD_EXITED);
  TRUEFORK_CONSTANT(constants, CLD_KILLED);
  TRUEFORK_CONSTANT(constants, CLD_DUMPED);
  TRUEFORK_CONSTANT(constants, CLD_STOPPED);
  TRUEFORK_CONSTANT(constants, CLD_TRAPPED);
  TRUEFORK_CONSTANT(constants, CLD_CONTINUED);
}

}  // namespace truefork
