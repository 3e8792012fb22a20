// execve(2), execvpe(3), fexecve(3), and what has to be written before.
#include <fcntl.h>
#include <unistd.h>
#include <uv.h>

#include <vector>

#include "families.h"
#include "fork/loop.h"
#include "program.h"
#include "syscall.h"

namespace truefork {

// Descriptors 0 to 2 that stay open: libuv opens a terminal anew, close-on-exec.
class InheritedDescriptors {
 public:
  void Set() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      const int flags = fcntl(fd, F_GETFD);
      if (flags >= 0 && (flags & FD_CLOEXEC) != 0) {
        fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
        closed_.push_back(fd);
      }
    }
  }

  void PutBack() const {
    for (const int fd : closed_) fcntl(fd, F_SETFD, FD_CLOEXEC);
  }

 private:
  std::vector<int> closed_;
};

// Answers only if the call fails: with -errno, and with the process as it was. `restored`: signals
// that Node.js ignores, and the program does not.
template <typename Call>
static Napi::Value Become(Napi::Env env, const sigset_t& restored, const Call& call) {
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return Failure(env, ENOTSUP);
  BlockingDescriptors blocking;
  InheritedDescriptors inherited;
  DefaultAtExec defaults;
  PlainTerminals terminals;
  blocking.Set(0b111);
  inherited.Set();
  defaults.Set(restored);
  terminals.Set(loop);
  call();
  const int error = errno;
  terminals.PutBack();
  defaults.PutBack();
  inherited.PutBack();
  blocking.PutBack();
  return Failure(env, error);
}

// The environment that is given; null: that of this process.
static char* const* Environment(const Strings& envp) {
  return envp.given() ? envp.data() : environ;
}

// execve(path, argv, envp: string[] | null, restored: number[])
static Napi::Value Execve(const Napi::CallbackInfo& info) {
  const std::string path = Text(info, 0);
  const Strings argv(info[1]), envp(info[2]);
  return Become(info.Env(), SignalSet(info[3]),
                [&] { execve(path.c_str(), argv.data(), Environment(envp)); });
}

// execvpe(file, argv, envp: string[] | null, restored: number[]): the directories are those of this
// process's PATH.
static Napi::Value Execvpe(const Napi::CallbackInfo& info) {
  const std::string file = Text(info, 0);
  const Strings argv(info[1]), envp(info[2]);
  return Become(info.Env(), SignalSet(info[3]),
                [&] { execvpe(file.c_str(), argv.data(), Environment(envp)); });
}

// fexecve(fd, argv, envp: string[], restored: number[])
static Napi::Value Fexecve(const Napi::CallbackInfo& info) {
  const int fd = Int(info, 0);
  const Strings argv(info[1]), envp(info[2]);
  return Become(info.Env(), SignalSet(info[3]),
                [&] { fexecve(fd, argv.data(), Environment(envp)); });
}

// writeOut(): writes what the event loop has still to write to descriptors 1 and 2, and waits for
// it. Which of the descriptors 0 to 2 it has streams on, by bits.
static Napi::Value WriteOutStreams(const Napi::CallbackInfo& info) {
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(info.Env(), &loop) != napi_ok) return Failure(info.Env(), ENOTSUP);
  auto state = LoopState::Of(loop);
  if (!state) return Answer(info.Env(), -1);
  state->WriteOut();
  return Napi::Number::New(info.Env(), state->standard_streams());
}

// writeWhole(fd, bytes: Uint8Array): also to a descriptor that does not block. 0 or -errno.
static Napi::Value WriteWholeCall(const Napi::CallbackInfo& info) {
  const Napi::Uint8Array bytes = info[1].As<Napi::Uint8Array>();
  return Failure(info.Env(), WriteWhole(Int(info, 0), bytes.Data(), bytes.ByteLength()));
}

void ExecFamily(Napi::Object exports) {
  Export(exports, "execve", Execve);
  Export(exports, "execvpe", Execvpe);
  Export(exports, "fexecve", Fexecve);
  Export(exports, "writeOut", WriteOutStreams);
  Export(exports, "writeWhole", WriteWholeCall);
}

}  // namespace truefork
