#pragma once

namespace truefork {

// V8 marks its pages MADV_DONTFORK, to make child_process.spawn cheap: a forked child would have no
// heap. This takes the mark off every private mapping. It must come directly before the fork: V8
// maps new pages at any time. Answers 0 or an errno.
int LetMemoryFork();

}  // namespace truefork
