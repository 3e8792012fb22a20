// The mappings of this process, as /proc/self/maps has them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

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
// heap. This takes the mark off every private mapping but those of files. It must come directly
// before the fork: V8 maps new pages at any time. Answers 0 or an errno.
int LetMemoryFork();

struct Range {
  uintptr_t start;
  uintptr_t end;
};

// The ranges that have the mark. From /proc/self/smaps, which walks all page tables: it takes about
// as long as the fork. Nothing, and errno, when it cannot be read.
std::optional<std::vector<Range>> MarkedRanges();

// Puts the mark back, in the parent or in the child.
void MarkRanges(const std::vector<Range>& ranges);

}  // namespace truefork
