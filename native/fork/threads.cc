#include "threads.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
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

std::vector<pid_t> OtherThreads() {
  std::vector<pid_t> tids;
  const pid_t self = static_cast<pid_t>(::syscall(SYS_gettid));
  DIR* directory = opendir("/proc/self/task");
  if (directory == nullptr) return tids;
  while (const dirent* entry = readdir(directory)) {
    const pid_t tid = atoi(entry->d_name);
    if (tid > 0 && tid != self) tids.push_back(tid);
  }
  closedir(directory);
  std::sort(tids.begin(), tids.end());
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
// to tell, of any thread.)
static ptrdiff_t TidOffset() {
  const auto tid = static_cast<pid_t>(::syscall(SYS_gettid));
  const char* robust = reinterpret_cast<char*>(RobustList(tid));
  if (robust == nullptr) return 0;
  for (ptrdiff_t offset = sizeof tid; offset <= 64; offset += sizeof tid) {
    pid_t word;
    memcpy(&word, robust - offset, sizeof word);
    if (word == tid) return offset;
  }
  return 0;
}

bool LookAtIdentity(Thread& thread) {
  const auto status = ReadTaskFile(thread.tid, "status");
  if (!status) return false;
  const size_t blocked = status->find("\nSigBlk:");
  if (blocked == std::string::npos) return false;
  thread.blocked = strtoull(status->c_str() + blocked + strlen("\nSigBlk:"), nullptr, 16);

  const ptrdiff_t offset = TidOffset();
  thread.robust = RobustList(thread.tid);
  if (thread.robust == nullptr || offset == 0) return false;
  thread.tid_word = reinterpret_cast<pid_t*>(reinterpret_cast<char*>(thread.robust) - offset);
  return *thread.tid_word == thread.tid;
}

std::string Describe(const Thread& thread) {
  std::string text = ReadTaskFile(thread.tid, "comm").value_or("a thread");
  if (!text.empty() && text.back() == '\n') text.pop_back();
  text += " (tid " + std::to_string(thread.tid) + ") ";
  if (thread.syscall < 0) return text + "is running";
  return text + "is in system call " + std::to_string(thread.syscall);
}

}  // namespace truefork
