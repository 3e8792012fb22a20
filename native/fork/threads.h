// What the other threads of this process are doing, from /proc, and where glibc and the kernel keep
// each thread's id.
#pragma once

#include <linux/futex.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace truefork {

struct Thread {
  pid_t tid = 0;

  // The system call it sits in, as /proc/PID/task/TID/syscall has it; -1 on a processor, or in
  // none.
  long syscall = -1;
  uintptr_t first_argument = 0;
  uintptr_t stack_pointer = 0;
  uintptr_t program_counter = 0;

  // In its struct pthread: the list of robust mutexes, and the word that holds its tid for as long
  // as it lives, which the kernel clears at its end and pthread_join(3) waits for.
  robust_list_head* robust = nullptr;
  pid_t* tid_word = nullptr;

  // It stays behind: it is not in the child, and looks ended there.
  bool dropped = false;

  bool InFutex() const;
  bool InEpoll() const;
  bool Idle() const { return InFutex() || InEpoll(); }
  // In a call by which an allocator gets or frees memory: it may hold the allocator's lock.
  bool InMemoryCall() const;
};

// The ids of all threads but the calling one, in the order of their birth; nothing when they cannot
// be told.
std::optional<std::vector<pid_t>> OtherThreads();

// Fills in syscall, first_argument, stack_pointer and program_counter; false when the thread is
// gone or the file cannot be read.
bool LookAtSyscall(Thread& thread);

// Whether any thread can be identified here: looked up once, as the addon loads.
bool CanIdentify();

// Fills in robust and tid_word; false when the thread is gone, or no pthread.
bool LookAtIdentity(Thread& thread);

// Nothing when the thread is gone, or the file cannot be read.
std::optional<bool> Blocks(const Thread& thread, int signal);

// In the child, what the kernel does at a thread's end: whoever joins it goes on at once.
inline void LookEnded(const Thread& thread) {
  *thread.tid_word = 0;
}

// The threads that Node starts with: V8's workers, the delayed-task scheduler, the one for SIGUSR1.
// They are told by their struct pthread, which they keep in a child.
class OwnThreads {
 public:
  // As the addon loads, when they are there. Nothing when the list cannot be read.
  static std::optional<OwnThreads> AtLoad();

  // The one for SIGUSR1 is the last of them: threads of the pool, or of another addon, may have
  // been there already. As long as it is not found, all that were there are taken for Node's.
  bool Has(const Thread& thread);

  // Before the first fork, with all threads idle: nothing that is not found now will be, and a
  // child has its threads under other ids.
  void Conclude();

 private:
  void Identify();

  // Those that were there at the load, in the order of their birth, until Node's are told.
  std::vector<pid_t> tids_;
  std::vector<const pid_t*> tid_words_;
};

// The name of a system call, as "futex"; nullptr of one in which threads are not found waiting.
const char* SyscallName(long number);

// Its name, as prctl(PR_SET_NAME) gave it.
std::string NameOf(const Thread& thread);

// "V8Worker (tid 42) is running", "node (tid 43) is in read(2)".
std::string Describe(const Thread& thread);

// The same of one that is known to have left the wait that `thread` tells of.
std::string DescribeRunning(const Thread& thread);

// Whether the C library's or the dynamic linker's code is there: who is interrupted in it may hold
// a lock that the child needs, of malloc(3) above all.
bool IsLibraryCode(uintptr_t program_counter);

}  // namespace truefork
