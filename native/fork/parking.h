// Takes the idle threads of the process across a fork. A thread is parked in a signal handler,
// where it notes its place; in the child, whose kernel knows only the thread that forked, each is
// started again on its own stack, with its own thread-local storage, at that place, and returns
// from the handler into the wait that the signal interrupted.
#pragma once

#include <chrono>
#include <vector>

#include "threads.h"

namespace truefork {

using Deadline = std::chrono::steady_clock::time_point;

// The signal that parks: a free real-time signal, ours for good from the first call on. 0 when
// there is none.
int ParkSignal();

// Parks these threads. None: all are parked. Else those that were not found where `Thread` says
// they wait (one that is dropped: were found in the C library), have ended, or have not come by the
// deadline; all are released again then.
std::vector<const Thread*> Park(const std::vector<Thread>& threads, Deadline deadline);

// In the parent: lets the parked threads go on.
void Release();

// In the child: starts the parked threads again, but for the dropped, and lets them go on. 0, or an
// errno.
int Resurrect();

// Waits until the last thread that was released or resurrected has left the handler: before the
// next look at what the threads do. Not earlier: each of them would have to get a processor first.
void Settle();

}  // namespace truefork
