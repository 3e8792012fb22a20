// Interrupts the main thread again, until the JavaScript of a signal has run.
//
// A signal may come when a call has been asked for and has not begun to block: the kernel runs the
// C handler, and the call blocks as if nothing had been, with the JavaScript still to run. The C
// handler therefore winds up a timer, whose signal interrupts whatever blocks.
#pragma once

namespace truefork {

// Takes a free real-time signal and makes the timer, once. 0 or an errno; 0 also when no signal is
// free: then nothing kicks.
int PrepareKick();

// The signal, or 0.
int KickSignal();

// Gives the signal to who wants it, and takes another. 0 or an errno.
int LeaveKickSignal();

// Async-signal-safe: from now on, after a ten-thousandth of a second, then twice as long, up to a
// hundredth.
void Kick();

// No more.
void EndKick();

// In a child, which has no timers. 0 or an errno.
int RenewKick();

}  // namespace truefork
