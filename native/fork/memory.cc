#include "memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "files.h"

namespace truefork {

// From `maps`, not `smaps`, which would tell the marked ranges but walks all page tables: as dear
// as the fork itself.
int LetMemoryFork() {
  const auto maps = ReadFile("/proc/self/maps");
  if (!maps) return errno;
  for (const char* line = maps->c_str(); *line != '\0';) {
    unsigned long start, end;
    char access[5];
    const bool is_private =
        sscanf(line, "%lx-%lx %4s", &start, &end, access) == 3 && access[3] == 'p';
    // The kernel's own half of the address space ([vsyscall]) is in the list too.
    if (is_private && start <= INTPTR_MAX) {
      // EINVAL is the answer of device memory ([vvar]), which is forked anyway.
      if (madvise(reinterpret_cast<void*>(start), end - start, MADV_DOFORK) != 0 &&
          errno != EINVAL) {
        return errno;
      }
    }
    const char* newline = strchr(line, '\n');
    if (newline == nullptr) break;
    line = newline + 1;
  }
  return 0;
}

}  // namespace truefork
