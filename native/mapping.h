// The mappings that JavaScript holds as ArrayBuffers, for those who work on their pages.
#pragma once

#include <cstddef>

namespace truefork {

// Whether all of the range is in one mapping of mmap's.
bool IsMapped(const void* start, size_t length);

// MADV_DONTFORK and MADV_DOFORK of the program's own, after the kernel has taken them.
void NoteForkAdvice(const void* start, size_t length, bool keep_out);

// Directly before a fork: marks again what the program has marked MADV_DONTFORK, after
// LetMemoryFork() has taken the marks off. 0 or an errno.
int MarkKeptOut();

// In the child, before it maps anything: takes the holes that are left there, without access. What
// came to lie in one would be unmapped when its ArrayBuffer is. 0 or an errno.
int ReserveKeptOut();

}  // namespace truefork
