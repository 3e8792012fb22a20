#include "revival.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

#include <cerrno>

#ifdef RSEQ_SIG
// glibc has them since 2.35 only. Weak: the addon loads with 2.34, too, which registers no thread.
#pragma weak __rseq_offset
#pragma weak __rseq_size
#endif

namespace truefork {

int Revive(const Thread& thread, void* thread_pointer, int (*begin)(void*), void* stack_top,
           void* argument) {
  // The kernel writes the new tid where glibc looks for it, and clears it at the thread's end, for
  // pthread_join(3).
  constexpr int kFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                         CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  return clone(begin, stack_top, kFlags, argument, thread.tid_word, thread_pointer,
               thread.tid_word) < 0
             ? errno
             : 0;
}

void Register(const char* name, robust_list_head* robust) {
  prctl(PR_SET_NAME, name);
  syscall(SYS_set_robust_list, robust, sizeof *robust);
#ifdef RSEQ_SIG
  if (&__rseq_size != nullptr && __rseq_size > 0) {
    auto* area = reinterpret_cast<struct rseq*>(static_cast<char*>(__builtin_thread_pointer()) +
                                                __rseq_offset);
    constexpr uint32_t kAreaSize = 32;
    area->cpu_id = static_cast<uint32_t>(RSEQ_CPU_ID_UNINITIALIZED);
    if (syscall(SYS_rseq, area, kAreaSize, 0, RSEQ_SIG) != 0) {
      area->cpu_id = static_cast<uint32_t>(RSEQ_CPU_ID_REGISTRATION_FAILED);
    }
  }
#endif
}

}  // namespace truefork
