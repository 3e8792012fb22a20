// The mappings of this process, as /proc/self/maps has them.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace truefork {

// One line of it.
struct MapsLine {
  uintptr_t start;
  uintptr_t end;
  bool is_private;
  uintptr_t offset;
  // "[heap]", "anon_inode:[io_uring]", a file, or nothing.
  std::string_view name;
};

// Visits each mapping until one is answered with an errno, which is the result. 0, or an errno.
int ForEachMapping(const std::function<int(const MapsLine&)>& visit);

// V8 marks its pages MADV_DONTFORK, to make child_process.spawn cheap: a forked child would have no
// heap. This takes the mark off every private mapping. It must come directly before the fork: V8
// maps new pages at any time. Answers 0 or an errno.
int LetMemoryFork();

}  // namespace truefork
