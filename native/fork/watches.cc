#include "watches.h"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "descriptors.h"
#include "files.h"

namespace truefork {

void Watches::Note(const uv_fs_event_t* handle) {
  by_number_[handle->wd].path = handle->path;
}

int Watches::NoteMasks(const uv_loop_t* loop) {
  if (loop->inotify_fd < 0) return 0;
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fdinfo/%d", loop->inotify_fd);
  const auto info = ReadFile(path);
  if (!info) return errno;
  // "inotify wd:1 ino:3e8 sdev:fd00001 mask:fc6 ignored_mask:0 …", in hexadecimal. (The kernel
  // leaves out flags of its own; a watch that has ended by itself is not in the list.)
  for (const char* line = strstr(info->c_str(), "inotify wd:"); line != nullptr;
       line = strstr(line + 1, "inotify wd:")) {
    const int number = static_cast<int>(strtol(line + strlen("inotify wd:"), nullptr, 16));
    highest_ = std::max(highest_, number);
    const char* mask = strstr(line, " mask:");
    const auto watch = by_number_.find(number);
    if (mask == nullptr || watch == by_number_.end()) continue;
    watch->second.mask = static_cast<uint32_t>(strtoul(mask + strlen(" mask:"), nullptr, 16));
  }
  return 0;
}

void Watches::Hide(uv_loop_t* loop) {
  inotify_ = loop->inotify_fd;
  records_ = loop->inotify_watchers;
  loop->inotify_fd = -1;
  loop->inotify_watchers = nullptr;
}

// The kernel numbers the watches of an instance in the order in which they come, and uses no number
// twice: so many are made and taken off again. 0, or an errno.
static int SkipTo(int number, int& next, int inotify) {
  // Of these one is not watched in earnest, which IN_MASK_CREATE (Linux 4.18) tells.
  static constexpr const char* kFiles[] = {"/dev/null", "/dev/zero", "/proc/self", "/"};
  while (next < number) {
    int made = -1;
    for (const char* file : kFiles) {
      made = inotify_add_watch(inotify, file, IN_DELETE_SELF | IN_MASK_CREATE);
      if (made >= 0) break;
    }
    if (made < 0) return errno;
    inotify_rm_watch(inotify, made);
    next = made + 1;
  }
  return 0;
}

int Watches::Renew(uv_loop_t* loop) const {
  if (inotify_ < 0) return 0;
  // The event loop's records stay as they are, the number of the descriptor too.
  if (const int error = Replace(inotify_, inotify_init1(IN_NONBLOCK | IN_CLOEXEC))) return error;
  int next = 1;
  for (const auto& [number, watch] : by_number_) {
    if (watch.mask == 0) continue;
    if (const int error = SkipTo(number, next, inotify_)) return error;
    const int made = inotify_add_watch(inotify_, watch.path.c_str(), watch.mask | IN_MASK_CREATE);
    if (made < 0) {
      // Gone; or two names of one file by now, the former of which has the watch.
      if (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == EEXIST) continue;
      return errno;
    }
    next = made + 1;
    if (made != number) return EIO;
  }
  // A new watch does not get the number of one whose record is still there.
  if (const int error = SkipTo(highest_ + 1, next, inotify_)) return error;
  loop->inotify_fd = inotify_;
  loop->inotify_watchers = records_;
  return 0;
}

}  // namespace truefork
