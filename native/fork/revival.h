// Gives a thread that has none its kernel thread back: what glibc keeps of it, its struct pthread
// and its stack, is still there, after a fork or because the thread has only ended for the kernel.
#pragma once

#include <sched.h>

#include "threads.h"

namespace truefork {

// Starts `begin(argument)` on this stack, with the thread's thread-local storage, as
// pthread_create(3) does; with the signal mask of the caller. 0, or an errno. Async-signal-safe.
int Revive(const Thread& thread, void* thread_pointer, int (*begin)(void*), void* stack_top,
           void* argument);

// The revived thread's first act: what the kernel keeps for a thread and glibc registered at its
// start. A new kernel thread has none of it. Async-signal-safe.
void Register(const char* name, robust_list_head* robust);

}  // namespace truefork
