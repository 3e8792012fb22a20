#include "terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iterator>

namespace truefork {

// What Node restores of a descriptor.
struct Modes {
  int flags = -1;
  bool terminal = false;
  termios modes{};
};

static bool left = false;
static bool noted = false;
static Modes modes_at_exit[STDERR_FILENO + 1];
// Those that the parent has no stream on: Node puts them back at exit, whoever changed them.
static bool own[STDERR_FILENO + 1];
// Of these, those that block as the child begins.
static bool own_and_blocking[STDERR_FILENO + 1];

// The actions of Node's own that end the process and restore the modes before.
static constexpr int kEnding[] = {SIGINT, SIGTERM};
static struct sigaction ending_actions[2];
static bool has_ending_actions[2];

// exit(3) runs what was registered last first: this before Node's restoring.
static void NoteModes() {
  if (!left) return;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    Modes& modes = modes_at_exit[fd];
    modes.flags = own[fd] ? -1 : fcntl(fd, F_GETFL);
    modes.terminal = tcgetattr(fd, &modes.modes) == 0;
  }
  noted = true;
}

// And the destructors of shared objects after all that was registered.
__attribute__((destructor)) static void PutModesBack() {
  if (!noted) return;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    const Modes& modes = modes_at_exit[fd];
    if (modes.flags >= 0 && fcntl(fd, F_GETFL) != modes.flags) fcntl(fd, F_SETFL, modes.flags);
    if (modes.terminal) SetTerminalModes(fd, modes.modes);
  }
}

// In place of Node's handler, which would put back all.
static void EndBySignal(int signal) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    const int flags = own_and_blocking[fd] ? fcntl(fd, F_GETFL) : -1;
    if (flags >= 0 && (flags & O_NONBLOCK) != 0) fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
  }
  // Its action is the default one by now, and it comes when this returns.
  raise(signal);
}

void LeaveTerminal(int streams) {
  if (streams == 0) return;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    const int flags = fcntl(fd, F_GETFL);
    own[fd] = (streams >> fd & 1) == 0;
    own_and_blocking[fd] = own[fd] && flags >= 0 && (flags & O_NONBLOCK) == 0;
  }
  // A grandchild has the registration already.
  static bool registered = false;
  if (!registered) registered = atexit(NoteModes) == 0;
  left = true;
  for (size_t i = 0; i < std::size(kEnding); i++) {
    struct sigaction action;
    if (sigaction(kEnding[i], nullptr, &action) != 0) continue;
    // Node's handler acts once; those of libuv, which run JavaScript's listeners, again and again.
    if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) continue;
    if ((action.sa_flags & SA_RESETHAND) == 0 || action.sa_handler == EndBySignal) continue;
    ending_actions[i] = action;
    has_ending_actions[i] = true;
    action.sa_handler = EndBySignal;
    sigaction(kEnding[i], &action, nullptr);
  }
}

void TakeTerminal() {
  left = false;
  for (size_t i = 0; i < std::size(kEnding); i++) {
    struct sigaction action;
    if (!has_ending_actions[i] || sigaction(kEnding[i], nullptr, &action) != 0) continue;
    if (action.sa_handler == EndBySignal) sigaction(kEnding[i], &ending_actions[i], nullptr);
    has_ending_actions[i] = false;
  }
}

bool TerminalIsLeft() {
  return left;
}

void SetTerminalModes(int fd, const termios& modes) {
  sigset_t background, mask;
  sigemptyset(&background);
  sigaddset(&background, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &background, &mask);
  while (tcsetattr(fd, TCSANOW, &modes) != 0 && errno == EINTR) continue;
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

}  // namespace truefork
