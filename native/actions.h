// What signals do in this process, and which of them its main thread blocks.
//
// In POSIX a signal that is blocked stays pending until it is let in or waited for. But Node.js has
// other threads, which do not block it, and to which the kernel would give it: with the default
// action it would end the process, or be gone. So the other threads are made to block what the main
// thread has to do with. A thread that is born later may not: what it gets it sends on. While the
// main thread blocks a signal with the default action, a guard, a handler that does just that,
// stands in the place of that action.
#pragma once

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace truefork {

inline bool OnMainThread() {
  return syscall(SYS_gettid) == getpid();
}

// Once, as the addon loads: the handler by which Node starts its inspector.
void NoteInspector();

// What Node itself does on SIGINT and SIGTERM (it restores the terminal and ends) and on SIGUSR1
// (it starts its inspector) is their default action.
bool IsDefault(int signal, const struct sigaction& action);
// A default action that is going to be replaced, and the one to come back to.
void LeaveDefault(int signal, const struct sigaction& action);
struct sigaction DefaultAction(int signal);

// sigaction(2), as if there were no guards. `mask` is what the main thread blocks. 0 or an errno.
int GetAction(int signal, struct sigaction* action);
int SetAction(int signal, const struct sigaction& action, const sigset_t& mask);

// sigprocmask(2) of the calling thread. 0 or an errno.
int ChangeMask(int how, const sigset_t* set, sigset_t* old);

// What ChangeMask does besides, for a call that changes the mask itself. Every signal is blocked.
void GuardFor(const sigset_t& mask);

// Has the other threads block these signals. Their handlers, which are there already, send on what
// other threads get. Not the last three real-time signals, of which the fork engine and the kick
// have one each, and of which one is left when a program has taken another.
void CloseToOthers(const sigset_t& signals);

// Whether other threads may block this signal because of that.
bool IsClosed(int signal);

// Async-signal-safe, for a handler: false on the main thread. On another one, the signal is sent on
// to the main thread, and blocked here from now on.
bool SentOn(int signal, siginfo_t* info, void* context);

}  // namespace truefork
