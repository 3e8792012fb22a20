#include "program.h"

#include <fcntl.h>
#include <unistd.h>

#include "fork/terminal.h"

namespace truefork {

Strings::Strings(const Napi::Value& value) {
  if (value.IsNull()) return;
  const Napi::Array array = value.As<Napi::Array>();
  strings_.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); i++) {
    strings_.push_back(array.Get(i).As<Napi::String>().Utf8Value());
  }
  for (std::string& string : strings_) pointers_.push_back(string.data());
  pointers_.push_back(nullptr);
}

sigset_t SignalSet(const Napi::Value& value) {
  const Napi::Array array = value.As<Napi::Array>();
  sigset_t set;
  sigemptyset(&set);
  for (uint32_t i = 0; i < array.Length(); i++) {
    sigaddset(&set, array.Get(i).As<Napi::Number>().Int32Value());
  }
  return set;
}

void BlockingDescriptors::Set(int which) {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if ((which >> fd & 1) == 0) continue;
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_NONBLOCK) == 0) continue;
    if (fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0) flags_.emplace_back(fd, flags);
  }
}

void BlockingDescriptors::PutBack() const {
  for (const auto& [fd, flags] : flags_) fcntl(fd, F_SETFL, flags);
}

static void DoNothing(int) {}

void DefaultAtExec::Set(const sigset_t& signals) {
  for (int signal = 1; signal < NSIG; signal++) {
    struct sigaction action;
    if (sigismember(&signals, signal) != 1 || sigaction(signal, nullptr, &action) != 0) continue;
    if (action.sa_handler != SIG_IGN) continue;
    struct sigaction nothing = {};
    nothing.sa_handler = DoNothing;
    nothing.sa_flags = SA_RESTART;
    if (sigaction(signal, &nothing, nullptr) == 0) actions_.emplace_back(signal, action);
  }
}

void DefaultAtExec::PutBack() const {
  for (const auto& [signal, action] : actions_) sigaction(signal, &action, nullptr);
}

void PlainTerminals::Set(uv_loop_t* loop) {
  if (TerminalIsLeft()) return;
  const auto set = [](uv_handle_t* handle, void* terminals) {
    if (handle->type != UV_TTY) return;
    const auto* terminal = reinterpret_cast<uv_tty_t*>(handle);
    uv_os_fd_t fd;
    termios modes;
    if (terminal->mode == UV_TTY_MODE_NORMAL || uv_fileno(handle, &fd) != 0) return;
    if (tcgetattr(fd, &modes) != 0) return;
    SetTerminalModes(fd, terminal->orig_termios);
    static_cast<PlainTerminals*>(terminals)->modes_.emplace_back(fd, modes);
  };
  uv_walk(loop, set, this);
}

void PlainTerminals::PutBack() const {
  for (const auto& [fd, modes] : modes_) SetTerminalModes(fd, modes);
}

}  // namespace truefork
