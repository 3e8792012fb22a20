#include "memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "files.h"

namespace truefork {

// A number in base 16, and what is behind it. (sscanf takes as long as the rest of a fork's
// bookkeeping for the 200 lines of a small process.)
static uintptr_t Hexadecimal(const char*& at) {
  uintptr_t number = 0;
  for (;; at++) {
    if (*at >= '0' && *at <= '9') {
      number = number * 16 + (*at - '0');
    } else if (*at >= 'a' && *at <= 'f') {
      number = number * 16 + (*at - 'a' + 10);
    } else {
      return number;
    }
  }
}

// "start-end rwxp offset device inode   name": see proc_pid_maps(5).
static MapsLine Parse(const char* at, const char* end) {
  MapsLine line;
  line.start = Hexadecimal(at);
  line.end = Hexadecimal(++at);
  line.is_private = at[4] == 'p';
  at += strlen(" rwxp ");
  line.offset = Hexadecimal(at);
  // To the device, the inode, the name.
  for (int field = 0; field < 3; field++) {
    while (at < end && *at != ' ') at++;
    while (at < end && *at == ' ') at++;
  }
  line.name = {at, static_cast<size_t>(end - at)};
  return line;
}

int ForEachMapping(const std::function<int(const MapsLine&)>& visit) {
  const auto maps = ReadFile("/proc/self/maps");
  if (!maps) return errno;
  const char* line = maps->c_str();
  while (const char* end = strchr(line, '\n')) {
    if (const int error = visit(Parse(line, end))) return error;
    line = end + 1;
  }
  return 0;
}

// From `maps`, not `smaps`, which would tell the marked ranges but walks all page tables: as dear
// as the fork itself.
int LetMemoryFork() {
  return ForEachMapping([](const MapsLine& line) {
    // A heap is not in a file. The kernel's own half of the address space ([vsyscall]) is in the
    // list too.
    if (!line.is_private || line.name.starts_with('/') || line.start > INTPTR_MAX) return 0;
    void* start = reinterpret_cast<void*>(line.start);
    if (madvise(start, line.end - line.start, MADV_DOFORK) == 0) return 0;
    // EINVAL is the answer of device memory ([vvar]), which is forked anyway; ENOMEM that a part of
    // the range is not there any more: to read a long list takes memory, and gives some back. What
    // is there of it has heard the advice.
    return errno == EINVAL || errno == ENOMEM ? 0 : errno;
  });
}

std::optional<std::vector<Range>> MarkedRanges() {
  const auto smaps = ReadFile("/proc/self/smaps");
  if (!smaps) return std::nullopt;
  std::vector<Range> marked;
  Range current{};
  const char* line = smaps->c_str();
  while (const char* end = strchr(line, '\n')) {
    const std::string_view text(line, end - line);
    // "VmFlags: rd wr mr mw me dc ac": do not copy. The other fields begin with a capital too.
    if (text.starts_with("VmFlags:")) {
      if (text.find(" dc") != std::string_view::npos) marked.push_back(current);
    } else if (*line < 'A' || *line > 'Z') {
      const MapsLine mapping = Parse(line, end);
      current = {mapping.start, mapping.end};
    }
    line = end + 1;
  }
  return marked;
}

void MarkRanges(const std::vector<Range>& ranges) {
  for (const Range& range : ranges) {
    // Advice: without it a spawn is slow, and nothing else is wrong.
    madvise(reinterpret_cast<void*>(range.start), range.end - range.start, MADV_DONTFORK);
  }
}

}  // namespace truefork
