// fcntl(2): locks of a process and of an open file description; flock(2), lockf(3).
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

// fcntlLock(fd, command, lock: Float64Array(5) of the type, whence, start, length and pid), in
// which the kernel's answer to F_GETLK and F_OFD_GETLK comes back.
static Napi::Value FcntlLock(const Napi::CallbackInfo& info) {
  Napi::Float64Array fields = info[2].As<Napi::Float64Array>();
  struct flock lock = {};
  lock.l_type = static_cast<short>(fields[0]);
  lock.l_whence = static_cast<short>(fields[1]);
  lock.l_start = static_cast<off_t>(fields[2]);
  lock.l_len = static_cast<off_t>(fields[3]);
  const int result = fcntl(Int(info, 0), Int(info, 1), &lock);
  if (result != 0) return Answer(info.Env(), result);
  fields[0] = lock.l_type;
  fields[1] = lock.l_whence;
  fields[2] = static_cast<double>(lock.l_start);
  fields[3] = static_cast<double>(lock.l_len);
  fields[4] = lock.l_pid;
  return Answer(info.Env(), 0);
}

// flock(fd, operation)
static Napi::Value Flock(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), flock(Int(info, 0), Int(info, 1)));
}

// lockf(fd, command, length)
static Napi::Value Lockf(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), lockf(Int(info, 0), Int(info, 1), Long(info, 2)));
}

void LockFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "fcntlLock", FcntlLock);
  Export(exports, "flock", Flock);
  Export(exports, "lockf", Lockf);
  TRUEFORK_CONSTANT(constants, F_RDLCK);
  TRUEFORK_CONSTANT(constants, F_WRLCK);
  TRUEFORK_CONSTANT(constants, F_UNLCK);
  TRUEFORK_CONSTANT(constants, F_GETLK);
  TRUEFORK_CONSTANT(constants, F_SETLK);
  TRUEFORK_CONSTANT(constants, F_SETLKW);
  TRUEFORK_CONSTANT(constants, F_OFD_GETLK);
  TRUEFORK_CONSTANT(constants, F_OFD_SETLK);
  TRUEFORK_CONSTANT(constants, F_OFD_SETLKW);
  TRUEFORK_CONSTANT(constants, LOCK_SH);
  TRUEFORK_CONSTANT(constants, LOCK_EX);
  TRUEFORK_CONSTANT(constants, LOCK_UN);
  TRUEFORK_CONSTANT(constants, LOCK_NB);
  TRUEFORK_CONSTANT(constants, F_LOCK);
  TRUEFORK_CONSTANT(constants, F_TLOCK);
  TRUEFORK_CONSTANT(constants, F_ULOCK);
  TRUEFORK_CONSTANT(constants, F_TEST);
}

}  // namespace truefork
