// What is shared by those that start programs: the vectors of strings that a program gets, and what
// Node.js has changed of the process for itself, which another program is not to find.
#pragma once

#include <napi.h>
#include <signal.h>
#include <termios.h>
#include <uv.h>

#include <string>
#include <utility>
#include <vector>

namespace truefork {

// An array of strings as argv and envp are.
class Strings {
 public:
  explicit Strings(const Napi::Value& array);
  // False: instead of an array there was null.
  bool given() const { return !pointers_.empty(); }
  char* const* data() const { return pointers_.data(); }

 private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

// An array of signal numbers.
sigset_t SignalSet(const Napi::Value& array);

// Descriptors 0 to 2 that block: libuv has set those that it reads or writes as pipes, sockets and
// terminals to O_NONBLOCK, with all who share what is open there.
class BlockingDescriptors {
 public:
  // Of those descriptors whose bit is set.
  void Set(int which);
  void PutBack() const;

 private:
  std::vector<std::pair<int, int>> flags_;
};

// The default action for signals that are ignored. Until the program is executed nothing changes:
// in place of SIG_IGN a handler does nothing, and execve(2) puts the default in place of handlers.
class DefaultAtExec {
 public:
  void Set(const sigset_t& signals);
  void PutBack() const;

 private:
  std::vector<std::pair<int, struct sigaction>> actions_;
};

// Terminals in the modes that they had before libuv changed them (setRawMode). In a forked child
// they stay as they are: they are the parent's.
class PlainTerminals {
 public:
  void Set(uv_loop_t* loop);
  void PutBack() const;

 private:
  std::vector<std::pair<int, termios>> modes_;
};

}  // namespace truefork
