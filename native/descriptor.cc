// open(2), close(2), read(2), write(2), pipe2(2), dup3(2), mkfifo(3), fcntl(2): flags and open file
// description locks.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

static Napi::Value Open(const Napi::CallbackInfo& info) {
  const std::string path = Text(info, 0);
  return Answer(info.Env(), open(path.c_str(), Int(info, 1), static_cast<mode_t>(Int(info, 2))));
}

static Napi::Value Close(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), close(Int(info, 0)));
}

// read(fd, into: Uint8Array): at most its length.
static Napi::Value Read(const Napi::CallbackInfo& info) {
  const auto bytes = ToElements<uint8_t>(info, 1);
  return Answer(info.Env(), read(Int(info, 0), bytes.data, bytes.length));
}

// write(fd, from: Uint8Array)
static Napi::Value Write(const Napi::CallbackInfo& info) {
  const auto bytes = ToElements<uint8_t>(info, 1);
  return Answer(info.Env(), write(Int(info, 0), bytes.data, bytes.length));
}

// pipe2(flags, ends: Int32Array(2))
static Napi::Value Pipe2(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), pipe2(info[1].As<Napi::Int32Array>().Data(), Int(info, 0)));
}

static Napi::Value Dup3(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), dup3(Int(info, 0), Int(info, 1), Int(info, 2)));
}

static Napi::Value Mkfifo(const Napi::CallbackInfo& info) {
  const std::string path = Text(info, 0);
  return Answer(info.Env(), mkfifo(path.c_str(), static_cast<mode_t>(Int(info, 1))));
}

// fcntl(fd, F_GETFD | F_SETFD | F_GETFL | F_SETFL | F_DUPFD_CLOEXEC, argument)
static Napi::Value Fcntl(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), fcntl(Int(info, 0), Int(info, 1), Int(info, 2)));
}

// fcntlLock(fd, F_OFD_SETLK | F_OFD_SETLKW | F_OFD_GETLK, type, start, length); answers the type
// that the kernel left in the structure: for F_OFD_GETLK, F_UNLCK or the type of the lock in the
// way.
static Napi::Value FcntlLock(const Napi::CallbackInfo& info) {
  struct flock lock = {};
  lock.l_type = static_cast<short>(Int(info, 2));
  lock.l_whence = SEEK_SET;
  lock.l_start = Long(info, 3);
  lock.l_len = Long(info, 4);
  const int result = fcntl(Int(info, 0), Int(info, 1), &lock);
  return Answer(info.Env(), result == 0 ? lock.l_type : result);
}

void DescriptorFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "open", Open);
  Export(exports, "close", Close);
  Export(exports, "read", Read);
  Export(exports, "write", Write);
  Export(exports, "pipe2", Pipe2);
  Export(exports, "dup3", Dup3);
  Export(exports, "mkfifo", Mkfifo);
  Export(exports, "fcntl", Fcntl);
  Export(exports, "fcntlLock", FcntlLock);
  TRUEFORK_CONSTANT(constants, O_RDONLY);
  TRUEFORK_CONSTANT(constants, O_WRONLY);
  TRUEFORK_CONSTANT(constants, O_RDWR);
  TRUEFORK_CONSTANT(constants, O_CREAT);
  TRUEFORK_CONSTANT(constants, O_EXCL);
  TRUEFORK_CONSTANT(constants, O_TRUNC);
  TRUEFORK_CONSTANT(constants, O_APPEND);
  TRUEFORK_CONSTANT(constants, O_NONBLOCK);
  TRUEFORK_CONSTANT(constants, O_CLOEXEC);
  TRUEFORK_CONSTANT(constants, O_DIRECTORY);
  TRUEFORK_CONSTANT(constants, O_DIRECT);
  TRUEFORK_CONSTANT(constants, O_NOFOLLOW);
  TRUEFORK_CONSTANT(constants, O_NOCTTY);
  TRUEFORK_CONSTANT(constants, O_PATH);
  TRUEFORK_CONSTANT(constants, O_SYNC);
  TRUEFORK_CONSTANT(constants, O_DSYNC);
  TRUEFORK_CONSTANT(constants, O_TMPFILE);
  TRUEFORK_CONSTANT(constants, F_GETFD);
  TRUEFORK_CONSTANT(constants, F_SETFD);
  TRUEFORK_CONSTANT(constants, F_GETFL);
  TRUEFORK_CONSTANT(constants, F_SETFL);
  TRUEFORK_CONSTANT(constants, FD_CLOEXEC);
  TRUEFORK_CONSTANT(constants, F_DUPFD_CLOEXEC);
  TRUEFORK_CONSTANT(constants, F_RDLCK);
  TRUEFORK_CONSTANT(constants, F_WRLCK);
  TRUEFORK_CONSTANT(constants, F_UNLCK);
  TRUEFORK_CONSTANT(constants, F_OFD_GETLK);
  TRUEFORK_CONSTANT(constants, F_OFD_SETLK);
  TRUEFORK_CONSTANT(constants, F_OFD_SETLKW);
}

}  // namespace truefork
