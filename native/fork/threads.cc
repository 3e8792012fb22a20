#include "threads.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "files.h"

namespace truefork {

bool Thread::InFutex() const {
  return syscall == SYS_futex;
}

bool Thread::InEpoll() const {
#ifdef SYS_epoll_wait
  if (syscall == SYS_epoll_wait) return true;
#endif
  return syscall == SYS_epoll_pwait || syscall == SYS_epoll_pwait2;
}

bool Thread::InMemoryCall() const {
  switch (syscall) {
    case SYS_brk:
    case SYS_mmap:
    case SYS_munmap:
    case SYS_mremap:
    case SYS_mprotect:
    case SYS_madvise:
      return true;
    default:
      return false;
  }
}

std::optional<std::vector<pid_t>> OtherThreads() {
  std::vector<pid_t> tids;
  const pid_t self = static_cast<pid_t>(::syscall(SYS_gettid));
  DIR* directory = opendir("/proc/self/task");
  if (directory == nullptr) return std::nullopt;
  errno = 0;
  while (const dirent* entry = readdir(directory)) {
    const pid_t tid = atoi(entry->d_name);
    if (tid > 0 && tid != self) tids.push_back(tid);
    errno = 0;
  }
  // The end of the directory and a failure look the same but for errno.
  const int error = errno;
  closedir(directory);
  errno = error;
  if (error != 0) return std::nullopt;
  return tids;
}

static std::optional<std::string> ReadTaskFile(pid_t tid, const char* file) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/%s", tid, file);
  return ReadFile(path);
}

bool LookAtSyscall(Thread& thread) {
  const auto text = ReadTaskFile(thread.tid, "syscall");
  if (!text) return false;
  // "running", or "-1 SP PC" outside of a system call, or "NR A1 … A6 SP PC".
  unsigned long arguments[6], stack, counter;
  long number;
  thread.syscall = -1;
  if (sscanf(text->c_str(), "%ld %lx %lx %lx %lx %lx %lx %lx %lx", &number, &arguments[0],
             &arguments[1], &arguments[2], &arguments[3], &arguments[4], &arguments[5], &stack,
             &counter) == 9) {
    thread.syscall = number;
    thread.first_argument = arguments[0];
    thread.stack_pointer = stack;
    thread.program_counter = counter;
  }
  return true;
}

static robust_list_head* RobustList(pid_t tid) {
  robust_list_head* head = nullptr;
  size_t length = 0;
  if (::syscall(SYS_get_robust_list, tid, &head, &length) != 0) return nullptr;
  return length == sizeof *head ? head : nullptr;
}

// How far before its robust list a struct pthread has the thread's id: the same in every thread, so
// looked up in the calling one. (Its fields are glibc's secret; the list's address is the kernel's
// to tell, of any thread.) 0 when it is not found.
static ptrdiff_t FindTidWord() {
  const auto tid = static_cast<pid_t>(::syscall(SYS_gettid));
  const char* robust = reinterpret_cast<char*>(RobustList(tid));
  if (robust == nullptr) return 0;
  // Directly before the list is a pointer: half of one may look like a tid.
  constexpr ptrdiff_t kFirst = sizeof(void*) + sizeof tid;
  for (ptrdiff_t offset = kFirst; offset <= 64; offset += sizeof tid) {
    pid_t word;
    memcpy(&word, robust - offset, sizeof word);
    if (word == tid) return offset;
  }
  return 0;
}

static ptrdiff_t TidOffset() {
  static const ptrdiff_t offset = FindTidWord();
  return offset;
}

bool CanIdentify() {
  return TidOffset() != 0;
}

bool LookAtIdentity(Thread& thread) {
  if (!CanIdentify()) return false;
  thread.robust = RobustList(thread.tid);
  if (thread.robust == nullptr) return false;
  thread.tid_word = reinterpret_cast<pid_t*>(reinterpret_cast<char*>(thread.robust) - TidOffset());
  return *thread.tid_word == thread.tid;
}

std::optional<bool> Blocks(const Thread& thread, int signal) {
  const auto status = ReadTaskFile(thread.tid, "status");
  if (!status) return std::nullopt;
  constexpr const char* kField = "\nSigBlk:";
  const size_t field = status->find(kField);
  if (field == std::string::npos) return std::nullopt;
  const uint64_t blocked = strtoull(status->c_str() + field + strlen(kField), nullptr, 16);
  return (blocked >> (signal - 1) & 1) != 0;
}

std::optional<OwnThreads> OwnThreads::AtLoad() {
  auto tids = OtherThreads();
  if (!tids) return std::nullopt;
  OwnThreads own;
  own.tids_ = std::move(*tids);
  return own;
}

// Not as the addon loads: a thread that was not on a processor yet has not registered its robust
// list, and blocks all signals as the one for SIGUSR1 does.
void OwnThreads::Identify() {
  tid_words_.clear();
  for (const pid_t tid : tids_) {
    Thread thread;
    thread.tid = tid;
    if (!LookAtIdentity(thread)) continue;
    tid_words_.push_back(thread.tid_word);
    // No other waits with a signal as exotic as this blocked.
    if (LookAtSyscall(thread) && thread.InFutex() && Blocks(thread, SIGRTMAX).value_or(false))
      return;
  }
}

void OwnThreads::Conclude() {
  if (tids_.empty()) return;
  Identify();
  tids_.clear();
}

bool OwnThreads::Has(const Thread& thread) {
  if (!tids_.empty()) Identify();
  return std::find(tid_words_.begin(), tid_words_.end(), thread.tid_word) != tid_words_.end();
}

std::string NameOf(const Thread& thread) {
  std::string name = ReadTaskFile(thread.tid, "comm").value_or("a thread");
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

const char* SyscallName(long number) {
  switch (number) {
#define NAME(call) \
  case SYS_##call: \
    return #call;
    NAME(read)
    NAME(readv)
    NAME(pread64)
    NAME(write)
    NAME(writev)
    NAME(pwrite64)
    NAME(openat)
    NAME(close)
    NAME(statx)
    NAME(unlinkat)
    NAME(renameat2)
    NAME(mkdirat)
    NAME(ftruncate)
    NAME(fallocate)
    NAME(flock)
    NAME(fcntl)
    NAME(sendfile)
    NAME(copy_file_range)
    NAME(fsync)
    NAME(fdatasync)
    NAME(ioctl)
    NAME(ppoll)
    NAME(pselect6)
    NAME(accept)
    NAME(accept4)
    NAME(connect)
    NAME(sendto)
    NAME(sendmsg)
    NAME(recvfrom)
    NAME(recvmsg)
    NAME(recvmmsg)
    NAME(wait4)
    NAME(waitid)
    NAME(nanosleep)
    NAME(clock_nanosleep)
    NAME(rt_sigtimedwait)
    NAME(rt_sigsuspend)
    NAME(futex)
    NAME(epoll_pwait)
    NAME(epoll_pwait2)
    NAME(io_uring_enter)
    NAME(getdents64)
    NAME(newfstatat)
    NAME(fstat)
    NAME(getrandom)
    NAME(mmap)
    NAME(munmap)
    NAME(madvise)
    NAME(mprotect)
#ifdef SYS_open  // Not on arm64, which has the newer ones alone.
    NAME(open)
    NAME(poll)
    NAME(select)
    NAME(epoll_wait)
    NAME(pause)
    NAME(stat)
    NAME(lstat)
    NAME(unlink)
    NAME(rename)
    NAME(mkdir)
    NAME(rmdir)
    NAME(vfork)
#endif
#undef NAME
    default:
      return nullptr;
  }
}

static std::string Title(const Thread& thread) {
  return NameOf(thread) + " (tid " + std::to_string(thread.tid) + ") ";
}

std::string DescribeRunning(const Thread& thread) {
  return Title(thread) + "is running";
}

std::string Describe(const Thread& thread) {
  if (thread.syscall < 0) return DescribeRunning(thread);
  const std::string text = Title(thread);
  const char* name = SyscallName(thread.syscall);
  if (name != nullptr) return text + "is in " + name + "(2)";
  return text + "is in system call " + std::to_string(thread.syscall);
}

// The executable segments of the objects that these addresses are in.
struct CodeOf {
  std::vector<uintptr_t> addresses;
  std::vector<std::pair<uintptr_t, uintptr_t>> segments;

  void Take(const dl_phdr_info& object) {
    // Not the program itself: an address in it stands for a function of another object.
    if (object.dlpi_name == nullptr || *object.dlpi_name == '\0') return;
    std::vector<std::pair<uintptr_t, uintptr_t>> executable;
    bool wanted = false;
    for (int i = 0; i < object.dlpi_phnum; i++) {
      const auto& segment = object.dlpi_phdr[i];
      if (segment.p_type != PT_LOAD) continue;
      const uintptr_t start = object.dlpi_addr + segment.p_vaddr;
      const uintptr_t end = start + segment.p_memsz;
      if ((segment.p_flags & PF_X) != 0) executable.emplace_back(start, end);
      for (const uintptr_t address : addresses) {
        wanted = wanted || (address >= start && address < end);
      }
    }
    if (wanted) segments.insert(segments.end(), executable.begin(), executable.end());
  }
};

bool IsLibraryCode(uintptr_t program_counter) {
  static const CodeOf code = [] {
    CodeOf code;
    // The C library, an allocator in its place, and the dynamic linker.
    code.addresses = {reinterpret_cast<uintptr_t>(dlsym(RTLD_DEFAULT, "_Fork")),
                      reinterpret_cast<uintptr_t>(dlsym(RTLD_DEFAULT, "malloc")),
                      reinterpret_cast<uintptr_t>(dlsym(RTLD_NEXT, "malloc")), getauxval(AT_BASE)};
    dl_iterate_phdr(
        [](dl_phdr_info* object, size_t, void* code) {
          static_cast<CodeOf*>(code)->Take(*object);
          return 0;
        },
        &code);
    return code;
  }();
  for (const auto& [start, end] : code.segments) {
    if (program_counter >= start && program_counter < end) return true;
  }
  return false;
}

}  // namespace truefork
