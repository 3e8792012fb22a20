// Descriptors that parent and child must not share after a fork, though POSIX shares them all.
#pragma once

#include <sys/epoll.h>
#include <uv.h>

#include <optional>
#include <string>
#include <vector>

namespace truefork {

// Puts the descriptor `fresh`, -1 for one that could not be made, under the number `fd`, and frees
// its own number. 0 or an errno.
int Replace(int fd, int fresh);

// libuv's signal handlers take turns by a token: one byte in a pipe that all loops of the process
// share. A child that is killed while one of its threads holds the token would take it from the
// whole family, whose next signals would then hang.
class SignalLock {
 public:
  // Looks for the pipe, when nothing else can have made one like it: as the addon loads.
  static SignalLock Find();

  bool found() const { return read_end_ >= 0; }
  int read_end() const { return read_end_; }
  int write_end() const { return write_end_; }

  // In the parent: whether the child will have the two descriptors that this takes; nothing else
  // that it renews takes more at a time. 0 or an errno.
  int FindRoom() const;

  // In the child: a new pipe with a token of its own, under the same numbers. 0 or an errno.
  int Renew() const;

 private:
  int read_end_ = -1;
  int write_end_ = -1;
};

// What the event loop of another thread sleeps on.
class EpollSet {
 public:
  // In the parent. Without an answer, errno says why.
  static std::optional<EpollSet> Of(int epoll);

  // In the child: a set of its own under the same number, on the same descriptors, and with
  // eventfds of its own, so that to wake the thread wakes nobody in the parent. 0 or an errno.
  int Renew() const;

 private:
  struct Entry {
    int fd;
    epoll_event event;
    bool is_eventfd;
  };
  int epoll_ = -1;
  std::vector<Entry> entries_;
};

// The io_uring rings of Node's other loops, on which libuv queues its changes of an epoll set (Node
// 22 and later). A ring's memory is shared by the whole family, and a loop of Node's is run once
// more as the process ends: children that end together would take each other's changes.
class OtherRings {
 public:
  // Looks through the memory of malloc for libuv's records of them. In the parent, before the fork.
  // Without an answer, errno says why.
  static std::optional<OtherRings> Find(uv_loop_t* own_loop);

  // In the child: libuv changes the epoll sets of these loops by system calls from now on.
  void Leave() const;

 private:
  // Where libuv keeps the descriptors of the rings.
  std::vector<int*> ring_fds_;
};

}  // namespace truefork
