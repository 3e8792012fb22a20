// fork(2) whose child is a whole Node.js.
//
// A bare fork() copies the calling thread alone, and of the heap nothing, since V8 keeps its pages
// out of it. So: wait until every other thread is idle, park it in a signal handler, let the memory
// fork, fork, and in the child renew the event loop's kernel objects and start each parked thread
// again where it was. docs/fork.md tells what goes wrong without each step.
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "../families.h"
#include "../mapping.h"
#include "../stack.h"
#include "../syscall.h"
#include "descriptors.h"
#include "loop.h"
#include "memory.h"
#include "parking.h"
#include "terminal.h"
#include "threads.h"

namespace truefork {

// Why a fork is refused: the `reason` of ForkUnsafeError, and what it names; or an errno.
struct Refusal {
  const char* reason;
  std::vector<std::string> details;
  int error = 0;
};

// The threads of a process that is ready to be forked.
struct Idle {
  std::vector<pid_t> tids;
  // Those that a signal can park: V8's workers, the delayed-task scheduler, the threadpool, most
  // threads of other addons.
  std::vector<Thread> parkable;
  // Those that stay behind, and look ended in the child: Node's SIGUSR1 thread, which blocks every
  // signal.
  std::vector<Thread> left;
};

// One look at all threads: what they do if all are idle, or the descriptions of those that are not.
struct Sight {
  std::optional<Idle> idle;
  std::vector<std::string> busy;
  // Kernel threads that work for an io_uring of this process.
  std::vector<std::string> rings;
  // Whether the kernel keeps the process's own files in /proc from it.
  bool closed = false;
  // Why there is nothing to be seen: an errno.
  int error = 0;
};

// What to do with threads that cannot be taken along because they are not idle. Node's own are
// always waited for: the child could not go on without the job that one of V8's workers has in
// hand.
enum class Busy { kWait, kDrop };

static std::optional<OwnThreads> own_threads;

static bool MayBeDropped(Thread& thread) {
  return own_threads && !thread.InMemoryCall() && LookAtIdentity(thread) &&
         !own_threads->Has(thread) && !IsMessenger(thread.tid_word);
}

// Those that the signal has parked before, by their struct pthread. They have no reason to block it
// now, and to look takes as long as all else that is to be known of a thread.
static std::map<const pid_t*, pid_t> has_come;

static bool HasCome(const Thread& thread) {
  const auto found = has_come.find(thread.tid_word);
  return found != has_come.end() && found->second == thread.tid;
}

static Sight LookAround(Busy busy) {
  Sight sight;
  Idle idle;
  const auto tids = OtherThreads();
  if (!tids) {
    sight.error = errno;
    return sight;
  }
  idle.tids = *tids;
  std::vector<Thread> threads;
  for (const pid_t tid : idle.tids) {
    Thread thread;
    thread.tid = tid;
    // One that has ended meanwhile is not in the next list.
    if (!LookAtSyscall(thread)) {
      sight.closed = sight.closed || (errno == EACCES && prctl(PR_GET_DUMPABLE) != 1);
      sight.busy.push_back("tid " + std::to_string(tid) + " cannot be looked at");
    } else if (!thread.Idle()) {
      if (NameOf(thread).starts_with("iou-")) {
        sight.rings.push_back(Describe(thread));
      } else if (busy == Busy::kDrop && MayBeDropped(thread)) {
        thread.dropped = true;
      } else {
        sight.busy.push_back(Describe(thread));
      }
    } else if (thread.InEpoll() && busy == Busy::kDrop) {
      thread.dropped = MayBeDropped(thread);
    }
    threads.push_back(std::move(thread));
  }
  if (!sight.busy.empty() || !sight.rings.empty()) return sight;

  for (Thread& thread : threads) {
    std::optional<bool> stays;
    if (LookAtIdentity(thread)) stays = HasCome(thread) ? false : Blocks(thread, ParkSignal());
    if (!stays) {
      sight.busy.push_back("tid " + std::to_string(thread.tid) + " is not a thread of glibc's");
    } else if (*stays && thread.dropped && thread.syscall < 0) {
      // It cannot be stopped, and may be anywhere.
      sight.busy.push_back(Describe(thread) + " and blocks all signals");
    } else {
      (*stays ? idle.left : idle.parkable).push_back(std::move(thread));
    }
  }
  if (sight.busy.empty()) sight.idle = std::move(idle);
  return sight;
}

// Has an event loop of its own, and goes along.
static bool IsLoopThread(const Thread& thread) {
  return thread.InEpoll() && !thread.dropped;
}

// What happened between two lists of the threads.
static std::vector<std::string> Changed(const std::vector<pid_t>& before,
                                        const std::vector<pid_t>& after) {
  std::vector<std::string> changes;
  for (const pid_t tid : after) {
    if (std::find(before.begin(), before.end(), tid) != before.end()) continue;
    Thread born;
    born.tid = tid;
    changes.push_back(DescribeRunning(born));
  }
  if (changes.empty()) changes.push_back("a thread ended meanwhile");
  return changes;
}

static void Nap(long microseconds) {
  const timespec time = {0, microseconds * 1000};
  nanosleep(&time, nullptr);
}

// Steps 1 and 2: until every other thread is idle and parked; nothing is changed when it refuses.
static std::optional<Refusal> ParkAll(Idle& parked, Busy busy, Deadline deadline) {
  // Even who may be dropped gets the time for a small job: a child does without what it leaves half
  // done.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  // How long the parked ones wait for the last: on a busy machine it takes its time to get a
  // processor. Who is idle gets the first of these spans even when the deadline is over: it is the
  // time for others' work that the caller limits.
  constexpr auto kToCome = std::chrono::milliseconds(100);
  auto wait = kToCome;
  for (long pause = 50;; pause = std::min(pause * 2, 400L)) {
    Settle();
    const bool patient = std::chrono::steady_clock::now() < std::min(patience, deadline);
    Sight sight = LookAround(patient ? Busy::kWait : busy);
    if (sight.error != 0) {
      // No descriptor is free, say: that does not become better by waiting, as a rule.
      if (!patient) return Refusal{nullptr, {}, sight.error};
      Nap(pause);
      continue;
    }
    if (!sight.rings.empty()) return Refusal{"io-uring", std::move(sight.rings)};
    if (sight.closed) {
      return Refusal{"unsupported-platform",
                     {"its files in /proc are closed to it, since it has changed its user; "
                      "prctl(PR_SET_DUMPABLE, 1) opens them"}};
    }
    if (sight.idle) {
      if (own_threads) own_threads->Conclude();
      const Idle& idle = *sight.idle;
      // One thread of Node's own has an event loop. A second loop is a worker thread's or an
      // addon's, and would not be whole in the child.
      if (std::count_if(idle.parkable.begin(), idle.parkable.end(), IsLoopThread) > 1) {
        Refusal refusal{"worker-threads", {}};
        for (const Thread& thread : idle.parkable) {
          if (IsLoopThread(thread)) refusal.details.push_back(Describe(thread));
        }
        return refusal;
      }
      const auto now = std::chrono::steady_clock::now();
      const auto elsewhere =
          Park(idle.parkable, std::max(std::min(deadline, now + wait), now + kToCome));
      if (elsewhere.empty()) {
        // A timed wait may have ended between the look and the signal: Park has noticed. A thread
        // may have been born: this notices.
        const auto tids = OtherThreads();
        if (tids == idle.tids) {
          for (const Thread& thread : idle.parkable) has_come[thread.tid_word] = thread.tid;
          parked = std::move(*sight.idle);
          return std::nullopt;
        }
        Release();
        sight.busy = Changed(idle.tids, tids.value_or(idle.tids));
      }
      for (const Thread* thread : elsewhere) sight.busy.push_back(DescribeRunning(*thread));
      wait *= 2;
      has_come.clear();
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return Refusal{"busy-threads", std::move(sight.busy)};
    }
    Nap(pause);
  }
}

// All that the child needs to know and that is cheaper, or only possible, to find out before.
struct Plan {
  LoopState loop;
  SignalLock signal_lock;
  OtherRings other_rings;
  std::vector<EpollSet> epoll_sets;
  // The memory that is marked MADV_DONTFORK again, in both processes.
  std::vector<Range> marked;
  Idle threads;
};

// The rest of the plan, with all threads parked. 0 or an errno.
static int Complete(Plan& plan, uv_loop_t* loop, bool keep_dontfork) {
  if (const int error = plan.signal_lock.FindRoom()) return error;
  for (const Thread& thread : plan.threads.parkable) {
    if (!IsLoopThread(thread)) continue;
    const auto set = EpollSet::Of(static_cast<int>(thread.first_argument));
    if (!set) return errno;
    plan.epoll_sets.push_back(*set);
  }
  auto state = LoopState::Of(loop);
  if (!state) return errno;
  plan.loop = std::move(*state);
  if (keep_dontfork) {
    auto marked = MarkedRanges();
    if (!marked) return errno;
    plan.marked = std::move(*marked);
  }
  return 0;
}

// Half a Node.js must not run on: what it would do is anyone's guess.
[[noreturn]] static void GiveUp(const char* step, const char* why) {
  fprintf(stderr, "truefork: the forked child (pid %d) could not %s: %s\n", getpid(), step, why);
  constexpr int kOsError = 71;  // EX_OSERR of <sysexits.h>
  _exit(kOsError);
}

[[noreturn]] static void GiveUp(const char* step, int error) {
  GiveUp(step, strerror(error));
}

// Step 5. Only this thread exists; every signal is blocked.
static void BecomeWhole(Plan& plan) {
  if (const int error = ReserveKeptOut()) GiveUp("keep the place of what it has not", error);
  if (const int error = plan.signal_lock.Renew()) GiveUp("renew libuv's signal lock", error);
  for (const EpollSet& set : plan.epoll_sets) {
    if (const int error = set.Renew()) GiveUp("renew the scheduler's event loop", error);
  }
  plan.other_rings.Leave();
  if (const int error = plan.loop.Renew()) GiveUp("renew its event loop", error);
  LeaveTerminal(plan.loop.standard_streams());
  MarkRanges(plan.marked);
  for (const Thread& thread : plan.threads.left) LookEnded(thread);
  if (const int error = Resurrect()) GiveUp("start its threads again", error);
}

// OpenSSL's generator is copied with its state. It draws a new seed when getpid(2) is not what it
// was at the last draw, and so it does not in a child that has the pid of an ancestor: one made by
// process 1 of a container, as process 1 of a new pid namespace, or one whose pid has come round.
// Such a child would draw what that ancestor draws: keys, nonces, session ids.
class RandomSource {
 public:
  // In the parent.
  void Prepare() {
    if (!Knows(getpid())) lineage_.push_back(getpid());
  }

  // In the child. Whether its numbers are its own. A Node.js without OpenSSL has no such generator.
  bool Renew() const {
    if (!Knows(getpid()) || seed_ == nullptr || status_ == nullptr) return true;
    // It takes entropy from the kernel besides: nothing depends on these bytes.
    const pid_t self = getpid();
    seed_(&self, sizeof self);
    return status_() == 1;
  }

 private:
  using Seed = void (*)(const void* bytes, int length);
  using Status = int (*)();

  bool Knows(pid_t pid) const {
    return std::find(lineage_.begin(), lineage_.end(), pid) != lineage_.end();
  }

  const Seed seed_ = reinterpret_cast<Seed>(dlsym(RTLD_DEFAULT, "RAND_seed"));
  const Status status_ = reinterpret_cast<Status>(dlsym(RTLD_DEFAULT, "RAND_status"));
  // The pids of this process and of the ancestors that it was forked from, each as it knew itself.
  std::vector<pid_t> lineage_;
};

// What the parent holds is not the child's. The links of the list are in the mutexes themselves, in
// memory that the family shares: a child that went on with it would change its parent's.
static void ForgetRobustMutexes(robust_list_head* list) {
  list->list.next = &list->list;
  syscall(SYS_set_robust_list, list, sizeof *list);
}

// fork(2) whose child is a child of the caller's parent, and so a sibling of the caller. It does
// what _Fork() does: the kernel writes the thread's id where glibc keeps it, and is told of the
// list of robust mutexes, which it does not copy and which is empty. All signals are blocked.
static pid_t ForkSibling() {
  Thread self;
  self.tid = static_cast<pid_t>(syscall(SYS_gettid));
  if (!LookAtIdentity(self)) {
    errno = ENOTSUP;
    return -1;
  }
  constexpr unsigned long kFlags = CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
  // Of the last two arguments one is the thread's id, and the other nothing without CLONE_SETTLS:
  // which is which depends on the architecture.
  const long pid = syscall(SYS_clone, kFlags | SIGCHLD, 0, 0, self.tid_word, self.tid_word);
  if (pid == 0) ForgetRobustMutexes(self.robust);
  return static_cast<pid_t>(pid);
}

// By which pid /proc knows this process; 0: by none; -errno.
static pid_t PidInProc() {
  char text[16] = "";
  if (readlink("/proc/self", text, sizeof text - 1) < 0) return errno == ENOENT ? 0 : -errno;
  return atoi(text);
}

static SignalLock signal_lock;
static RandomSource& random_source = *new RandomSource;
static std::optional<OtherRings> other_rings;
static sigset_t mask_before_fork;
// In a child: all signals are blocked still.
static bool signals_closed = false;

static Napi::Value Refuse(Napi::Env env, const Refusal& refusal) {
  Napi::Array details = Napi::Array::New(env);
  for (const std::string& detail : refusal.details) details.Set(details.Length(), detail);
  Napi::Object object = Napi::Object::New(env);
  object["reason"] = Napi::String::New(env, refusal.reason);
  object["details"] = details;
  return object;
}

// fork({ timeout in milliseconds, drop, keepDontfork, sibling }, children: Int32Array): makes one
// child less than the array is long, all of the same moment. In the parent, how many were made, and
// their pids in the array. In a child 0; in the array its index, and LoopState's standard streams;
// all signals stay blocked there until openSignals(). -errno when the first could not be made; {
// reason, details } when it is refused.
static Napi::Value Fork(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const Napi::Object options = info[0].As<Napi::Object>();
  const auto deadline =
      std::chrono::steady_clock::now() +
      std::chrono::milliseconds(options.Get("timeout").As<Napi::Number>().Int64Value());
  const Busy busy = options.Get("drop").ToBoolean() ? Busy::kDrop : Busy::kWait;
  const bool sibling = options.Get("sibling").ToBoolean();
  const bool keep_dontfork = options.Get("keepDontfork").ToBoolean();
  // Asked for here: V8 may have to make memory for it, and collect garbage with its threads, which
  // are parked below.
  const auto children = ToElements<int32_t>(info, 1);

  if (syscall(SYS_gettid) != getpid()) return Refuse(env, {"not-main-thread", {}});
  if (!signal_lock.found()) {
    return Refuse(env, {"unsupported-platform", {"libuv's signal lock was not found"}});
  }
  if (!CanIdentify()) {
    return Refuse(env, {"unsupported-platform", {"get_robust_list(2) does not tell of threads"}});
  }
  const pid_t known = PidInProc();
  if (known < 0) return Napi::Number::New(env, known);
  // So it is after unshare(CLONE_NEWPID): its tids are not those that tgkill(2) takes.
  if (known != getpid()) {
    return Refuse(env, {"unsupported-platform",
                        {"/proc is not there, or is that of another pid namespace; mount one"}});
  }
  if (ParkSignal() == 0) {
    return Refuse(env, {"unsupported-platform", {"no real-time signal is free"}});
  }
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    return Refuse(env, {"unsupported-platform", {"there is no libuv event loop"}});
  }
  // A child would have to copy each page on which it frees something: that is left to its next
  // fork.
  static Plan& plan = *new Plan;
  plan = {};
  plan.signal_lock = signal_lock;
  // Once: Node makes its loops as it starts. A child has left them already.
  if (!other_rings) other_rings = OtherRings::Find(loop);
  if (!other_rings) return Failure(env, errno);
  plan.other_rings = *other_rings;
  random_source.Prepare();

  // A signal between the fork and the child's own handlers must not run the parent's in the child.
  sigset_t all, mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);
  // A child that forks before it is ready itself keeps the mask that both are to have then.
  if (!signals_closed) mask_before_fork = mask;

  if (const auto refusal = ParkAll(plan.threads, busy, deadline)) {
    pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    // One of them may be the loop that is in the way, whose memory is another's when it is gone.
    other_rings.reset();
    if (refusal->error != 0) return Failure(env, refusal->error);
    return Refuse(env, *refusal);
  }
  const size_t wanted = children.length - 1;
  size_t made = 0;
  int error = Complete(plan, loop, keep_dontfork);
  if (error == 0) error = LetMemoryFork();
  if (error == 0) error = MarkKeptOut();
  while (error == 0 && made < wanted) {
    // Not fork(3): that would give the other threads' stacks away in the child, and run handlers
    // that reset the threadpool. Safe without them, since no parked thread holds a lock of libc's.
    const pid_t pid = sibling ? ForkSibling() : _Fork();
    if (pid < 0) {
      error = errno;
    } else if (pid > 0) {
      children.data[made++] = pid;
    } else {
      BecomeWhole(plan);
      if (!random_source.Renew()) GiveUp("seed its random numbers", EIO);
      signals_closed = true;
      children.data[0] = static_cast<int32_t>(made);
      children.data[1] = plan.loop.standard_streams();
      return Napi::Number::New(env, 0);
    }
  }
  MarkRanges(plan.marked);
  Release();
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  return Napi::Number::New(env, made > 0 ? static_cast<double>(made) : -error);
}

// standardStreams(): which of the descriptors 0 to 2 the event loop has streams on, by bits.
static Napi::Value StandardStreams(const Napi::CallbackInfo& info) {
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(info.Env(), &loop) != napi_ok) return Failure(info.Env(), ENOTSUP);
  const auto state = LoopState::Of(loop);
  return state ? Napi::Number::New(info.Env(), state->standard_streams())
               : Failure(info.Env(), errno);
}

// takeTerminal(): before a child changes the modes of the terminal.
static Napi::Value TakeTerminalCall(const Napi::CallbackInfo& info) {
  TakeTerminal();
  return info.Env().Undefined();
}

// openSignals(): in the child, when it is ready for them: the mask that the parent had.
static Napi::Value OpenSignals(const Napi::CallbackInfo& info) {
  if (signals_closed) pthread_sigmask(SIG_SETMASK, &mask_before_fork, nullptr);
  signals_closed = false;
  return info.Env().Undefined();
}

// giveUp(step, why): the end of a child that could not be made whole.
static Napi::Value GiveUpFromJavaScript(const Napi::CallbackInfo& info) {
  GiveUp(Text(info, 0).c_str(), Text(info, 1).c_str());
}

// signalLock(): the descriptors of libuv's signal lock; -1 of one that was not found.
static Napi::Value SignalLockCall(const Napi::CallbackInfo& info) {
  Napi::Array ends = Napi::Array::New(info.Env());
  ends.Set(0u, signal_lock.read_end());
  ends.Set(1u, signal_lock.write_end());
  return ends;
}

void ForkFamily(Napi::Object exports) {
  // Worker threads load the addon again, when there may be many pipes: the first load decides.
  if (!signal_lock.found()) {
    signal_lock = SignalLock::Find();
    own_threads = OwnThreads::AtLoad();
    CanIdentify();
  }
  Export(exports, "fork", Fork);
  Export(exports, "openSignals", OpenSignals);
  Export(exports, "standardStreams", StandardStreams);
  Export(exports, "signalLock", SignalLockCall);
  Export(exports, "takeTerminal", TakeTerminalCall);
  Export(exports, "giveUp", GiveUpFromJavaScript);
}

}  // namespace truefork
