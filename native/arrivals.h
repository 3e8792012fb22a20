// The signals that have come and whose JavaScript has not run yet, in the order in which they came.
//
// Only the main thread writes and reads here, in a signal handler or with every signal blocked: the
// two never meet.
#pragma once

#include <signal.h>

#include <cstdint>

namespace truefork {

// What is told of siginfo_t.
struct Arrival {
  int signal;
  int code;
  int pid;
  int uid;
  int status;
  int value;
};

Arrival ToArrival(siginfo_t info);

// The same, to be sent from one thread to another. The kernel lets nobody do that with the codes of
// its own and of kill(2) (rt_tgsigqueueinfo(2)): they are given others, which ToArrival knows.
siginfo_t ToSendOn(const siginfo_t& info);

// Opens the eventfd that is readable while there are arrivals, and counts them in `count` from now
// on. Answers the descriptor, or -errno.
int OpenArrivals(int32_t* count);

// Counts them in `count` no more.
void HideArrivals();

// In a child: nothing has come, and the eventfd is its own under the same number. 0 or an errno.
int RenewArrivals();

// Async-signal-safe. Of a standard signal the last one is kept, as the kernel keeps one; real-time
// signals are all kept, up to a bound.
void Arrive(const siginfo_t& info);

// Async-signal-safe, on any thread: one that could not be kept.
void Lose();

// There are some that nothing holds back any more.
void WakeForArrivals();

// The first that `blocked` does not hold back; false when there is none, and the eventfd is not
// readable any more.
bool TakeArrival(const sigset_t& blocked, Arrival& arrival);

// Whether there is one that `blocked` does not hold back.
bool HasArrival(const sigset_t& blocked);

// A signal that is ignored from now on.
void ForgetArrivals(int signal);

// How many were lost since the last call.
int TakeLost();

}  // namespace truefork
