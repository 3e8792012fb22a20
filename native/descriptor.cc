// open(2), openat(2), close(2), close_range(2), pipe2(2), dup(2), dup2(2), dup3(2), mkfifo(3),
// mknod(2), fcntl(2) on flags and numbers, eventfd(2), memfd_create(2).
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/memfd.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

static Napi::Value Open(const Napi::CallbackInfo& info) {
  const std::string path = Text(info, 0);
  return Answer(info.Env(), open(path.c_str(), Int(info, 1), static_cast<mode_t>(Int(info, 2))));
}

// openat(directory, path, flags, mode)
static Napi::Value Openat(const Napi::CallbackInfo& info) {
  const std::string path = Text(info, 1);
  return Answer(info.Env(), openat(Int(info, 0), path.c_str(), Int(info, 2),
                                   static_cast<mode_t>(Int(info, 3))));
}

static Napi::Value Close(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), close(Int(info, 0)));
}

// close_range(first, last, flags)
static Napi::Value CloseRange(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), close_range(static_cast<unsigned>(Long(info, 0)),
                                        static_cast<unsigned>(Long(info, 1)), Int(info, 2)));
}

// pipe2(flags, ends: Int32Array(2))
static Napi::Value Pipe2(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), pipe2(info[1].As<Napi::Int32Array>().Data(), Int(info, 0)));
}

static Napi::Value Dup(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), dup(Int(info, 0)));
}

static Napi::Value Dup2(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), dup2(Int(info, 0), Int(info, 1)));
}

static Napi::Value Dup3(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), dup3(Int(info, 0), Int(info, 1), Int(info, 2)));
}

static Napi::Value Mkfifo(const Napi::CallbackInfo& info) {
  const std::string path = Text(info, 0);
  return Answer(info.Env(), mkfifo(path.c_str(), static_cast<mode_t>(Int(info, 1))));
}

// mknod(path, mode, device)
static Napi::Value Mknod(const Napi::CallbackInfo& info) {
  const std::string path = Text(info, 0);
  return Answer(info.Env(), mknod(path.c_str(), static_cast<mode_t>(Int(info, 1)),
                                  static_cast<dev_t>(Long(info, 2))));
}

// makedev(major, minor)
static Napi::Value Makedev(const Napi::CallbackInfo& info) {
  const auto device =
      makedev(static_cast<unsigned>(Long(info, 0)), static_cast<unsigned>(Long(info, 1)));
  return Napi::Number::New(info.Env(), static_cast<double>(device));
}

// fcntl(fd, command, argument): the commands whose argument is an int, or none.
static Napi::Value Fcntl(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), fcntl(Int(info, 0), Int(info, 1), Int(info, 2)));
}

// eventfd(value, flags)
static Napi::Value Eventfd(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), eventfd(static_cast<unsigned>(Long(info, 0)), Int(info, 1)));
}

// eventfd_read(fd, value: Float64Array(1)). Not the C library's, which has no errno for what is no
// eventfd and gives less.
static Napi::Value EventfdRead(const Napi::CallbackInfo& info) {
  eventfd_t value = 0;
  const ssize_t length = read(Int(info, 0), &value, sizeof value);
  if (length < 0) return Answer(info.Env(), length);
  if (length != sizeof value) return Failure(info.Env(), EINVAL);
  info[1].As<Napi::Float64Array>()[0] = static_cast<double>(value);
  return Answer(info.Env(), 0);
}

// eventfd_write(fd, value)
static Napi::Value EventfdWrite(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), eventfd_write(Int(info, 0), static_cast<eventfd_t>(Long(info, 1))));
}

// memfd_create(name, flags)
static Napi::Value MemfdCreate(const Napi::CallbackInfo& info) {
  const std::string name = Text(info, 0);
  return Answer(info.Env(), memfd_create(name.c_str(), static_cast<unsigned>(Long(info, 1))));
}

void DescriptorFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "open", Open);
  Export(exports, "openat", Openat);
  Export(exports, "close", Close);
  Export(exports, "close_range", CloseRange);
  Export(exports, "pipe2", Pipe2);
  Export(exports, "dup", Dup);
  Export(exports, "dup2", Dup2);
  Export(exports, "dup3", Dup3);
  Export(exports, "mkfifo", Mkfifo);
  Export(exports, "mknod", Mknod);
  Export(exports, "makedev", Makedev);
  Export(exports, "fcntl", Fcntl);
  Export(exports, "eventfd", Eventfd);
  Export(exports, "eventfd_read", EventfdRead);
  Export(exports, "eventfd_write", EventfdWrite);
  Export(exports, "memfd_create", MemfdCreate);
  TRUEFORK_CONSTANT(constants, AT_FDCWD);
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
  TRUEFORK_CONSTANT(constants, F_DUPFD);
  TRUEFORK_CONSTANT(constants, F_DUPFD_CLOEXEC);
  TRUEFORK_CONSTANT(constants, F_GETPIPE_SZ);
  TRUEFORK_CONSTANT(constants, F_SETPIPE_SZ);
  TRUEFORK_CONSTANT(constants, F_ADD_SEALS);
  TRUEFORK_CONSTANT(constants, F_GET_SEALS);
  TRUEFORK_CONSTANT(constants, F_SEAL_SEAL);
  TRUEFORK_CONSTANT(constants, F_SEAL_SHRINK);
  TRUEFORK_CONSTANT(constants, F_SEAL_GROW);
  TRUEFORK_CONSTANT(constants, F_SEAL_WRITE);
  TRUEFORK_CONSTANT(constants, F_SEAL_FUTURE_WRITE);
  TRUEFORK_CONSTANT(constants, CLOSE_RANGE_CLOEXEC);
  TRUEFORK_CONSTANT(constants, CLOSE_RANGE_UNSHARE);
  TRUEFORK_CONSTANT(constants, S_IFIFO);
  TRUEFORK_CONSTANT(constants, S_IFREG);
  TRUEFORK_CONSTANT(constants, S_IFCHR);
  TRUEFORK_CONSTANT(constants, S_IFBLK);
  TRUEFORK_CONSTANT(constants, S_IFSOCK);
  TRUEFORK_CONSTANT(constants, EFD_CLOEXEC);
  TRUEFORK_CONSTANT(constants, EFD_NONBLOCK);
  TRUEFORK_CONSTANT(constants, EFD_SEMAPHORE);
  TRUEFORK_CONSTANT(constants, MFD_CLOEXEC);
  TRUEFORK_CONSTANT(constants, MFD_ALLOW_SEALING);
  TRUEFORK_CONSTANT(constants, MFD_HUGETLB);
}

}  // namespace truefork
