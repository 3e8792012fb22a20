// Makes the system calls of the fork engine fail. The linker leads each call that is wrapped below
// through its wrapper (ld's --wrap, see binding.gyp), which counts it and lets the one fail that
// the test has chosen. The objects of the engine are those of the product.
//
// Not here is what cannot fail when it is called as the engine calls it: pthread_sigmask, prctl,
// getpid, gettid, nanosleep, close on Linux.
#include <dirent.h>
#include <linux/futex.h>
#include <napi.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace {

enum Side { kParent, kChild };

// What is to fail. In memory that parent and child share, so that the parent can read the counts of
// a child that has ended.
struct Fault {
  char call[32];
  pid_t parent;
  Side side;
  int nth;      // counted from 1; 0: none, count only
  bool onward;  // from the nth on, each
  int error;
  std::atomic<int> count;
};

Fault* fault = nullptr;

// Of this process alone: the parent goes on with its own life while its child is not yet whole.
std::atomic<bool> armed{false};

bool Fails(const char* call) {
  if (!armed || strcmp(call, fault->call) != 0) return false;
  if ((getpid() == fault->parent ? kParent : kChild) != fault->side) return false;
  const int count = ++fault->count;
  if (fault->nth == 0 || (fault->onward ? count < fault->nth : count != fault->nth)) return false;
  errno = fault->error;
  return true;
}

// Those that have no function of their own in the C library. (FUTEX_WAKE cannot fail.)
const char* NameOf(long number, long operation) {
  switch (number) {
    case SYS_tgkill:
      return "tgkill";
    case SYS_futex:
      return (operation & FUTEX_CMD_MASK) == FUTEX_WAIT ? "futex_wait" : "";
    case SYS_get_robust_list:
      return "get_robust_list";
    case SYS_set_robust_list:
      return "set_robust_list";
    case SYS_rseq:
      return "rseq";
    default:
      return "";
  }
}

}  // namespace

// The result, the function, its parameters, their names, the result of a failure.
#define WRAP(result, function, parameters, names, failure) \
  extern "C" result __real_##function parameters;          \
  extern "C" result __wrap_##function parameters {         \
    if (Fails(#function)) return failure;                  \
    return __real_##function names;                        \
  }

// clang-format off
WRAP(pid_t, _Fork, (), (), -1)
WRAP(int, clone, (int (*run)(void*), void* stack, int flags, void* data, pid_t* parent_tid, void* tls, pid_t* child_tid), (run, stack, flags, data, parent_tid, tls, child_tid), -1)
WRAP(int, madvise, (void* start, size_t length, int advice), (start, length, advice), -1)
WRAP(int, open64, (const char* path, int flags, mode_t mode), (path, flags, mode), -1)
WRAP(ssize_t, read, (int fd, void* into, size_t length), (fd, into, length), -1)
WRAP(ssize_t, write, (int fd, const void* from, size_t length), (fd, from, length), -1)
WRAP(ssize_t, readlink, (const char* path, char* into, size_t length), (path, into, length), -1)
WRAP(DIR*, opendir, (const char* path), (path), nullptr)
WRAP(dirent64*, readdir64, (DIR* directory), (directory), nullptr)
WRAP(int, sigaction, (int number, const struct sigaction* action, struct sigaction* old), (number, action, old), -1)
WRAP(int, pipe2, (int* ends, int flags), (ends, flags), -1)
WRAP(int, dup3, (int from, int to, int flags), (from, to, flags), -1)
WRAP(int, eventfd, (unsigned value, int flags), (value, flags), -1)
WRAP(int, epoll_create1, (int flags), (flags), -1)
WRAP(int, epoll_ctl, (int epoll, int operation, int fd, epoll_event* event), (epoll, operation, fd, event), -1)
WRAP(int, inotify_init1, (int flags), (flags), -1)
WRAP(int, inotify_add_watch, (int fd, const char* path, uint32_t mask), (fd, path, mask), -1)
WRAP(int, fstat64, (int fd, struct stat64* into), (fd, into), -1)
WRAP(int, fcntl64, (int fd, int command, long argument), (fd, command, argument), -1)
WRAP(int, ioctl, (int fd, unsigned long request, void* argument), (fd, request, argument), -1)
WRAP(ssize_t, getrandom, (void* into, size_t length, unsigned flags), (into, length, flags), -1)
WRAP(int, uv_loop_fork, (uv_loop_t* loop), (loop), -errno)
WRAP(napi_status, napi_get_uv_event_loop, (napi_env env, uv_loop_t** loop), (env, loop), napi_generic_failure)
// clang-format on

// The engine naps before it looks at the threads once more. What was counted until then was in
// vain: without this, each call of a fork that did not succeed at its first look would have another
// number than in the one before, and some would never be the nth.
extern "C" int __real_nanosleep(const timespec* time, timespec* left);
extern "C" int __wrap_nanosleep(const timespec* time, timespec* left) {
  if (armed && !fault->onward && fault->count < fault->nth) fault->count = 0;
  return __real_nanosleep(time, left);
}

extern "C" long __real_syscall(long number, long, long, long, long, long, long);
extern "C" long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
  if (Fails(NameOf(number, b))) return -1;
  return __real_syscall(number, a, b, c, d, e, f);
}

static void Arm(const char* call, Side side, int nth, bool onward, int error) {
  strncpy(fault->call, call, sizeof fault->call - 1);
  fault->parent = getpid();
  fault->side = side;
  fault->nth = nth;
  fault->onward = onward;
  fault->error = error;
  fault->count = 0;
  armed = true;
}

// arm(call, inChild, nth, onward, errno)
static Napi::Value ArmFault(const Napi::CallbackInfo& info) {
  Arm(info[0].As<Napi::String>().Utf8Value().c_str(),
      info[1].As<Napi::Boolean>().Value() ? kChild : kParent,
      info[2].As<Napi::Number>().Int32Value(), info[3].As<Napi::Boolean>().Value(),
      info[4].As<Napi::Number>().Int32Value());
  return info.Env().Undefined();
}

// disarm(): in this process.
static Napi::Value Disarm(const Napi::CallbackInfo& info) {
  armed = false;
  return info.Env().Undefined();
}

// count(): how often the call was made on its side since arm().
static Napi::Value Count(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), fault->count);
}

void RealForkFamily(Napi::Object exports) asm("__real__ZN8truefork10ForkFamilyEN4Napi6ObjectE");
void ForkFamily(Napi::Object exports) asm("__wrap__ZN8truefork10ForkFamilyEN4Napi6ObjectE");

// The engine's functions, and ours. FAULT_AT_LOAD names a call that fails as the engine looks
// around at its load, whenever it is made there.
void ForkFamily(Napi::Object exports) {
  void* shared =
      mmap(nullptr, sizeof *fault, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) abort();
  fault = new (shared) Fault{};
  if (const char* call = getenv("FAULT_AT_LOAD")) Arm(call, kParent, 1, true, EIO);
  RealForkFamily(exports);
  armed = false;
  Napi::Object faults = Napi::Object::New(exports.Env());
  faults["arm"] = Napi::Function::New(exports.Env(), ArmFault);
  faults["disarm"] = Napi::Function::New(exports.Env(), Disarm);
  faults["count"] = Napi::Function::New(exports.Env(), Count);
  exports["faults"] = faults;
}
