// Node gives the terminal and the descriptors 0 to 2 the modes back that they had as it started: at
// exit(3), and when SIGINT or SIGTERM ends it. They are the parent's too: a child that ends would
// take the parent out of the raw mode, and make its pipes block.
#pragma once

#include <termios.h>

namespace truefork {

// In the child: its end leaves the terminal's modes as they are then, and whether a standard
// descriptor blocks if the parent has a stream on it. What only the child has used is put back, as
// in any process. `streams`: those of LoopState.
void LeaveTerminal(int streams);

// In the child, before it changes the terminal itself: from then on it is Node's again.
void TakeTerminal();

// Whether this is a child that has not changed the terminal: its modes are the parent's.
bool TerminalIsLeft();

// tcsetattr(3), also from the background: SIGTTOU would stop the process there.
void SetTerminalModes(int fd, const termios& modes);

}  // namespace truefork
