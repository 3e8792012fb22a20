#include "parking.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "../actions.h"
#include "revival.h"

namespace truefork {

namespace {

// A guest's progress. Each value is written by one side only: kCalled by the caller, the rest by
// the guest.
enum State : uint32_t { kCalled, kParked, kLeft };

// Where the interrupted thread was, and its registers: the result of a system call that has ended,
// the arguments of one that is about to begin. One that the kernel is going to restart has its
// program counter back on the instruction.
struct Place {
  uintptr_t stack_pointer;
  uintptr_t program_counter;
  long result;
  uintptr_t arguments[3];
};

#if defined(__x86_64__)
constexpr uintptr_t kSyscallInstruction = 2;
Place PlaceOf(const ucontext_t& context) {
  const auto& registers = context.uc_mcontext.gregs;
  const auto address = [&registers](int name) { return static_cast<uintptr_t>(registers[name]); };
  return {address(REG_RSP),
          address(REG_RIP),
          static_cast<long>(registers[REG_RAX]),
          {address(REG_RDI), address(REG_RSI), address(REG_RDX)}};
}
#elif defined(__aarch64__)
constexpr uintptr_t kSyscallInstruction = 4;
// The first argument and the result are in the same register: of a call that has ended, the first
// argument is lost.
Place PlaceOf(const ucontext_t& context) {
  const auto& registers = context.uc_mcontext.regs;
  return {static_cast<uintptr_t>(context.uc_mcontext.sp),
          static_cast<uintptr_t>(context.uc_mcontext.pc),
          static_cast<long>(registers[0]),
          {registers[0], registers[1], registers[2]}};
}
#else
#error "the fork engine knows the signal contexts of x86-64 and arm64"
#endif

long Futex(std::atomic<uint32_t>& word, int operation, uint32_t value,
           const timespec* timeout = nullptr) {
  return syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, timeout, nullptr, 0);
}

void WakeAll(std::atomic<uint32_t>& word) {
  Futex(word, FUTEX_WAKE, INT32_MAX);
}

// A stack for the new kernel thread, which leaves it with its first call.
constexpr size_t kTrampoline = 1024;

struct Guest {
  Guest* next = nullptr;
  // Who it is, for the handler; what is known of it at this fork, for the rest.
  std::atomic<pid_t> tid{0};
  Thread thread;
  std::atomic<uint32_t> state{kLeft};
  // Written in the handler: where it was interrupted, its name, its thread-local storage, its
  // frame.
  Place place{};
  char name[16] = "";
  void* thread_pointer = nullptr;
  void* frame[5] = {};
  // In the child: where the new kernel thread begins. Made in the parent, once: to map and unmap it
  // in each child costs as much as the thread.
  alignas(16) char trampoline[kTrampoline];
};

// There is one fork at a time: all are made by the main thread. The guest book: a thread that was
// called and did not come in time may still come, look for itself here, and write. So a page is
// never freed, and gets another's name only when that one has left.
std::atomic<Guest*> guests{nullptr};
// Those of this fork.
std::vector<Guest*>& called = *new std::vector<Guest*>;
std::atomic<uint32_t> released{0};
int park_signal = 0;

// What resurrected threads block besides.
sigset_t process_signals;

// Async-signal-safe: system calls and atomics only. Not inlined: the frame that __builtin_setjmp
// notes must be one that __builtin_longjmp is not called from.
__attribute__((noinline)) void Stay(Guest* guest, ucontext_t* context) {
  guest->place = PlaceOf(*context);
  prctl(PR_GET_NAME, guest->name);
  guest->thread_pointer = __builtin_thread_pointer();
  if (__builtin_setjmp(guest->frame) == 0) {
    guest->state = kParked;
    WakeAll(guest->state);
    while (released == 0) Futex(released, FUTEX_WAIT, 0);
  } else {
    // In the child, on a new kernel thread. The process's signals are the main thread's from now
    // on, as they are anyway when it does not block them: one that comes before the child has
    // handlers of its own must stay pending, and not find a helper that lets it in.
    Register(guest->name, guest->thread.robust);
    sigorset(&context->uc_sigmask, &context->uc_sigmask, &process_signals);
  }
  guest->state = kLeft;
  WakeAll(guest->state);
}

void OnParkSignal(int, siginfo_t*, void* context) {
  const int saved = errno;
  const auto self = static_cast<pid_t>(syscall(SYS_gettid));
  for (Guest* guest = guests; guest != nullptr; guest = guest->next) {
    if (guest->tid == self && guest->state == kCalled) {
      Stay(guest, static_cast<ucontext_t*>(context));
    }
  }
  errno = saved;
}

// The first and last act of the new kernel thread on its trampoline, of which AddressSanitizer does
// not know that it is a stack.
__attribute__((noinline, no_sanitize("address"))) int Return(void* guest) {
  __builtin_longjmp(static_cast<Guest*>(guest)->frame, 1);
}

// Waits until the word has another value than `old`; false at the deadline.
bool Await(std::atomic<uint32_t>& word, uint32_t old, Deadline deadline = Deadline::max()) {
  while (word == old) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= left.zero()) return false;
    const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    const timespec timeout = {nanos / 1000000000, nanos % 1000000000};
    Futex(word, FUTEX_WAIT, old, &timeout);
  }
  return true;
}

// Interrupted in the system call in which it was seen, or another one at that place.
bool AtItsPlace(const Guest& guest) {
  const uintptr_t counter = guest.place.program_counter;
  return guest.place.stack_pointer == guest.thread.stack_pointer &&
         (counter == guest.thread.program_counter ||
          counter == guest.thread.program_counter - kSyscallInstruction);
}

// Whether its wait goes on after the signal. Another thread may have woken it before the signal
// came, or may have called it since: then it has work to do, which both processes would do.
bool StillWaits(const Guest& guest) {
  const Place& place = guest.place;
  const bool ended = place.program_counter == guest.thread.program_counter;
  if (ended && place.result != -EINTR) return false;
  if (!guest.thread.InFutex()) return true;
#if defined(__aarch64__)
  const uintptr_t address = ended ? guest.thread.first_argument : place.arguments[0];
#else
  const uintptr_t address = place.arguments[0];
#endif
  const int operation = static_cast<int>(place.arguments[1]) & FUTEX_CMD_MASK;
  if (operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET) return true;
  // It waits for as long as the word has this value.
  const auto* word = reinterpret_cast<const std::atomic<uint32_t>*>(address);
  return *word == static_cast<uint32_t>(place.arguments[2]);
}

// With all of them parked. Who goes along must go on with its wait; who stays behind must not have
// a lock of the C library.
bool MayBeForked(const Guest& guest) {
  if (!guest.thread.dropped) return AtItsPlace(guest) && StillWaits(guest);
  return (guest.thread.syscall >= 0 && AtItsPlace(guest)) ||
         !IsLibraryCode(guest.place.program_counter);
}

// Its page of the guest book: the one that it has, that of one who has left and is not among these,
// or a new one.
Guest* PageOf(pid_t tid, const std::vector<Thread>& threads) {
  const auto is_here = [&threads](pid_t tid) {
    return std::any_of(threads.begin(), threads.end(),
                       [tid](const Thread& thread) { return thread.tid == tid; });
  };
  Guest* vacant = nullptr;
  for (Guest* guest = guests; guest != nullptr; guest = guest->next) {
    if (guest->tid == tid) return guest;
    if (vacant == nullptr && guest->state == kLeft && !is_here(guest->tid)) vacant = guest;
  }
  if (vacant == nullptr) {
    vacant = new Guest;
    vacant->next = guests;
    guests = vacant;
  }
  vacant->tid = tid;
  return vacant;
}

}  // namespace

int ParkSignal() {
  struct sigaction action;
  if (park_signal != 0 && sigaction(park_signal, nullptr, &action) == 0 &&
      action.sa_sigaction == OnParkSignal) {
    return park_signal;
  }
  for (int signal = SIGRTMAX; signal >= SIGRTMIN; signal--) {
    if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
    if (IsClosed(signal)) continue;
    action = {};
    action.sa_sigaction = OnParkSignal;
    // SA_RESTART: the wait goes on afterwards. No other handler runs on top of this one.
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&action.sa_mask);
    if (sigaction(signal, &action, nullptr) != 0) continue;
    // All but those that a thread sends itself by a fault, the profiler's, and this one.
    sigfillset(&process_signals);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF, signal}) {
      sigdelset(&process_signals, own);
    }
    return park_signal = signal;
  }
  return 0;
}

std::vector<const Thread*> Park(const std::vector<Thread>& threads, Deadline deadline) {
  // First of all: who comes by an earlier call, and is too late for that, stays from now on or is
  // seen to have left.
  released = 0;
  called.clear();
  for (const Thread& thread : threads) {
    Guest* guest = PageOf(thread.tid, threads);
    guest->thread = thread;
    called.push_back(guest);
    guest->state = kCalled;
    // Who was called before, and has not come, gets it twice: there is nothing to do the second
    // time.
    if (syscall(SYS_tgkill, getpid(), thread.tid, park_signal) != 0) guest->state = kLeft;
  }
  std::vector<const Thread*> elsewhere;
  for (size_t i = 0; i < threads.size(); i++) {
    std::atomic<uint32_t>& state = called[i]->state;
    const bool came = Await(state, kCalled, deadline) && state == kParked;
    if (!came) elsewhere.push_back(&threads[i]);
  }
  // Only with all of them parked is it true for long that one waits.
  for (size_t i = 0; elsewhere.empty() && i < threads.size(); i++) {
    if (!MayBeForked(*called[i])) elsewhere.push_back(&threads[i]);
  }
  if (!elsewhere.empty()) Release();
  return elsewhere;
}

void Release() {
  released = 1;
  WakeAll(released);
}

void Settle() {
  for (Guest* guest : called) Await(guest->state, kParked);
}

// The kernel's mask of the calling thread, with every signal in it: also the two of glibc's own,
// which it leaves out of the masks that it is given.
class TrulyAllBlocked {
 public:
  TrulyAllBlocked() {
    const uint64_t all = ~uint64_t{0};
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, sizeof before_);
  }
  ~TrulyAllBlocked() {
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_);
  }

 private:
  uint64_t before_ = 0;
};

int Resurrect() {
  // setuid(2) and its like send each thread a signal. A thread that is on its trampoline still,
  // where there is no room for a handler, takes it when it is back on its own stack, with the mask
  // that it had there.
  const TrulyAllBlocked blocked;
  for (Guest* guest : called) {
    if (guest->thread.dropped) {
      LookEnded(guest->thread);
      guest->state = kLeft;
      continue;
    }
    if (const int error = Revive(guest->thread, guest->thread_pointer, Return,
                                 guest->trampoline + kTrampoline, guest)) {
      return error;
    }
  }
  return 0;
}

}  // namespace truefork
