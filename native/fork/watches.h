// The files that the event loop watches (fs.watch, by inotify) across a fork. libuv has its own way
// to renew them, which ends with the first file that is gone, and frees what it is walking through
// when the fork is made in one of the callbacks.
#pragma once

#include <uv.h>

#include <cstdint>
#include <map>
#include <string>

namespace truefork {

class Watches {
 public:
  // In the parent.
  void Note(const uv_fs_event_t* handle);
  // 0, or an errno.
  int NoteMasks(const uv_loop_t* loop);

  // In the child, around uv_loop_fork, which then sees no watches.
  void Hide(uv_loop_t* loop);
  // The same watches, under the same numbers, on an inotify instance of the child's own. Those
  // whose file is gone stay silent. 0, or an errno.
  int Renew(uv_loop_t* loop) const;

 private:
  struct Watch {
    std::string path;
    uint32_t mask = 0;
  };
  std::map<int, Watch> by_number_;
  // Of all that the parent's instance has: also of one that its callback has just closed.
  int highest_ = 0;
  int inotify_ = -1;
  void* records_ = nullptr;
};

}  // namespace truefork
