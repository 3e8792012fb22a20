// posix_openpt(3), grantpt(3), unlockpt(3), ptsname(3), openpty(3), login_tty(3); a program that is
// started in a terminal.
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include "families.h"
#include "program.h"
#include "sigset.h"
#include "syscall.h"
#include "termios.h"

namespace truefork {

static Napi::Value PosixOpenpt(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), posix_openpt(Int(info, 0)));
}

static Napi::Value Grantpt(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), grantpt(Int(info, 0)));
}

static Napi::Value Unlockpt(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), unlockpt(Int(info, 0)));
}

// ptsname(fd): a path, or -errno.
static Napi::Value Ptsname(const Napi::CallbackInfo& info) {
  char path[PATH_MAX];
  const int error = ptsname_r(Int(info, 0), path, sizeof path);
  if (error != 0) return Failure(info.Env(), error);
  return Napi::String::New(info.Env(), path);
}

// openpty(ends: Int32Array(2), termios words | null, size: Uint16Array(4) | null)
static Napi::Value Openpty(const Napi::CallbackInfo& info) {
  int* ends = info[0].As<Napi::Int32Array>().Data();
  termios modes = {};
  winsize size = {};
  if (Given(info, 1)) {
    if (const int error = ToTermios(info[1], &modes)) return Failure(info.Env(), error);
  }
  if (Given(info, 2)) {
    Napi::Uint16Array fields = info[2].As<Napi::Uint16Array>();
    size = {fields[0], fields[1], fields[2], fields[3]};
  }
  return Answer(info.Env(), openpty(&ends[0], &ends[1], nullptr, Given(info, 1) ? &modes : nullptr,
                                    Given(info, 2) ? &size : nullptr));
}

static Napi::Value LoginTty(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), login_tty(Int(info, 0)));
}

// What a program is started with.
struct Start {
  int terminal;
  const char* directory;  // or null
  const char* file;
  char* const* arguments;
  char* const* environment;
};

// The calls on the way, by which a failure is told.
enum Step { kVfork, kLogin, kChdir, kExecvp };

// The new process, which shares the memory of this one until it has executed the program: only
// calls that are async-signal-safe, and nothing is allocated or changed. An errno if it could not.
static int Become(const Start& start, volatile int& step) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  // Those of the C library, of which it has two, and SIGKILL and SIGSTOP cannot be set.
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &action, nullptr);
  step = kLogin;
  if (setsid() < 0 || ioctl(start.terminal, TIOCSCTTY, 0) != 0) return errno;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    // dup2 onto itself would leave it close-on-exec.
    const int done = start.terminal == fd ? fcntl(fd, F_SETFD, 0) : dup2(start.terminal, fd);
    if (done < 0) return errno;
  }
  step = kChdir;
  if (start.directory != nullptr && chdir(start.directory) != 0) return errno;
  step = kExecvp;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvpe(start.file, start.arguments, start.environment);
  return errno;
}

// By vfork(2), as posix_spawn(3) does it: that copies no page tables, and the error needs no pipe.
// The pid, or -errno.
static int Spawn(const Start& start, volatile int& step) {
  volatile int error = 0;
  // A handler of this process must not run in the other one, on the same memory.
  const AllBlocked blocked;
  const pid_t pid = vfork();
  if (pid == 0) {
    error = Become(start, step);
    _exit(127);
  }
  if (pid < 0) return -errno;
  if (error == 0) return pid;
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
  return -error;
}

// spawnInTerminal(terminal, file, arguments: string[], environment: string[], directory | null,
// step: Int32Array(1)): the pid of the program, which leads a session with the terminal as its
// controlling one. The last step goes into step. (posix_spawn(3) tells no step, and looks for no
// shell where a file has a format that the kernel does not know.)
static Napi::Value SpawnInTerminal(const Napi::CallbackInfo& info) {
  const std::string file = Text(info, 1);
  const Strings arguments(info[2]), environment(info[3]);
  const std::string directory = Given(info, 4) ? Text(info, 4) : "";
  volatile int step = kVfork;
  const Start start = {
      .terminal = Int(info, 0),
      .directory = Given(info, 4) ? directory.c_str() : nullptr,
      .file = file.c_str(),
      .arguments = arguments.data(),
      .environment = environment.data(),
  };
  const int result = Spawn(start, step);
  info[5].As<Napi::Int32Array>()[0] = step;
  return ToNumber(info.Env(), result);
}

void PtyFamily(Napi::Object exports) {
  Export(exports, "posix_openpt", PosixOpenpt);
  Export(exports, "grantpt", Grantpt);
  Export(exports, "unlockpt", Unlockpt);
  Export(exports, "ptsname", Ptsname);
  Export(exports, "openpty", Openpty);
  Export(exports, "login_tty", LoginTty);
  Export(exports, "spawnInTerminal", SpawnInTerminal);
}

}  // namespace truefork
