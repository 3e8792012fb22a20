// inotify(7): inotify_init1(2), inotify_add_watch(2), inotify_rm_watch(2). Events are read(2).
#include <sys/inotify.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

static Napi::Value Init1(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), inotify_init1(Int(info, 0)));
}

static Napi::Value AddWatch(const Napi::CallbackInfo& info) {
  const std::string path = Text(info, 1);
  const uint32_t mask = info[2].As<Napi::Number>().Uint32Value();
  return Answer(info.Env(), inotify_add_watch(Int(info, 0), path.c_str(), mask));
}

static Napi::Value RmWatch(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), inotify_rm_watch(Int(info, 0), Int(info, 1)));
}

void InotifyFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "inotify_init1", Init1);
  Export(exports, "inotify_add_watch", AddWatch);
  Export(exports, "inotify_rm_watch", RmWatch);
  TRUEFORK_CONSTANT(constants, IN_CLOEXEC);
  TRUEFORK_CONSTANT(constants, IN_NONBLOCK);
  TRUEFORK_CONSTANT(constants, IN_CLOSE_WRITE);
  TRUEFORK_CONSTANT(constants, IN_CREATE);
  TRUEFORK_CONSTANT(constants, IN_DELETE);
  TRUEFORK_CONSTANT(constants, IN_DELETE_SELF);
  TRUEFORK_CONSTANT(constants, IN_EXCL_UNLINK);
  TRUEFORK_CONSTANT(constants, IN_IGNORED);
  TRUEFORK_CONSTANT(constants, IN_MODIFY);
  TRUEFORK_CONSTANT(constants, IN_MOVED_FROM);
  TRUEFORK_CONSTANT(constants, IN_MOVED_TO);
  TRUEFORK_CONSTANT(constants, IN_MOVE_SELF);
  TRUEFORK_CONSTANT(constants, IN_ONLYDIR);
  TRUEFORK_CONSTANT(constants, IN_Q_OVERFLOW);
}

}  // namespace truefork
