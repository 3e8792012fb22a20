#include "descriptors.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "files.h"
#include "memory.h"

namespace truefork {

int Replace(int fd, int fresh) {
  if (fresh < 0) return errno;
  if (fresh == fd) return 0;
  const int result = dup3(fresh, fd, O_CLOEXEC);
  const int error = errno;
  close(fresh);
  return result < 0 ? error : 0;
}

// The inode of a pipe whose end at `fd` is close-on-exec, blocking, and open for `access`; else 0.
static ino_t PipeEnd(int fd, int access) {
  struct stat stat;
  if (fstat(fd, &stat) != 0 || !S_ISFIFO(stat.st_mode)) return 0;
  const int flags = fcntl(fd, F_GETFL);
  if ((flags & O_ACCMODE) != access || (flags & O_NONBLOCK) != 0) return 0;
  return fcntl(fd, F_GETFD) & FD_CLOEXEC ? stat.st_ino : 0;
}

// libuv makes its pipe as the first loop of the process starts, so it has the lowest numbers.
SignalLock SignalLock::Find() {
  constexpr int kHighest = 256;
  SignalLock lock;
  for (int reader = 0; reader < kHighest; reader++) {
    const ino_t pipe = PipeEnd(reader, O_RDONLY);
    int bytes = 0;
    if (pipe == 0 || ioctl(reader, FIONREAD, &bytes) != 0 || bytes != 1) continue;
    for (int writer = 0; writer < kHighest; writer++) {
      if (PipeEnd(writer, O_WRONLY) != pipe) continue;
      lock.read_end_ = reader;
      lock.write_end_ = writer;
      return lock;
    }
  }
  return lock;
}

int SignalLock::FindRoom() const {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  close(ends[0]);
  close(ends[1]);
  return 0;
}

int SignalLock::Renew() const {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  const char token = 42;
  int error = write(ends[1], &token, 1) == 1 ? 0 : errno;
  const int reader = Replace(read_end_, ends[0]);
  const int writer = Replace(write_end_, ends[1]);
  if (error == 0) error = reader;
  return error == 0 ? writer : error;
}

// Whether the descriptor is of this kind; nothing, and errno, when that cannot be told.
static std::optional<bool> IsAnonymous(int fd, const char* kind) {
  char path[64], target[64] = "";
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (readlink(path, target, sizeof target - 1) < 0) return std::nullopt;
  return strcmp(target, kind) == 0;
}

static bool IsRing(int fd) {
  return IsAnonymous(fd, "anon_inode:[io_uring]").value_or(false);
}

std::optional<EpollSet> EpollSet::Of(int epoll) {
  EpollSet set;
  set.epoll_ = epoll;
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fdinfo/%d", epoll);
  const auto info = ReadFile(path);
  if (!info) return std::nullopt;
  for (const char* line = strstr(info->c_str(), "tfd:"); line != nullptr;
       line = strstr(line + 1, "tfd:")) {
    Entry entry{};
    unsigned events;
    unsigned long long data;
    if (sscanf(line, "tfd: %d events: %x data: %llx", &entry.fd, &events, &data) != 3) continue;
    entry.event.events = events;
    entry.event.data.u64 = data;
    const auto is_eventfd = IsAnonymous(entry.fd, "anon_inode:[eventfd]");
    if (!is_eventfd) return std::nullopt;
    entry.is_eventfd = *is_eventfd;
    set.entries_.push_back(entry);
  }
  return set;
}

int EpollSet::Renew() const {
  if (const int error = Replace(epoll_, epoll_create1(EPOLL_CLOEXEC))) return error;
  for (const Entry& entry : entries_) {
    if (entry.is_eventfd) {
      // With one wake-up in it: out of nothing it does no harm, and one that was under way is not
      // lost.
      const int error = Replace(entry.fd, eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
      if (error != 0) return error;
    }
    epoll_event event = entry.event;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, entry.fd, &event) != 0) return errno;
  }
  return 0;
}

namespace {

// What /proc/self/maps says of rings, and where malloc's main arena is.
struct RingMaps {
  std::vector<uintptr_t> queues;   // where the queues of a ring begin (IORING_OFF_SQ_RING)
  std::vector<uintptr_t> entries;  // where the entries of a ring begin (IORING_OFF_SQES)
  uintptr_t heap_start = 0;
  uintptr_t heap_end = 0;
};

std::optional<RingMaps> ReadRingMaps() {
  constexpr uintptr_t kQueues = 0, kEntries = 0x10000000;  // <linux/io_uring.h>
  RingMaps found;
  const int error = ForEachMapping([&found](const MapsLine& line) {
    if (line.name == "[heap]") {
      found.heap_start = line.start;
      found.heap_end = line.end;
    } else if (line.name == "anon_inode:[io_uring]") {
      if (line.offset == kQueues) found.queues.push_back(line.start);
      if (line.offset == kEntries) found.entries.push_back(line.start);
    }
    return 0;
  });
  if (error == 0) return found;
  errno = error;
  return std::nullopt;
}

bool Contains(const std::vector<uintptr_t>& addresses, uintptr_t address) {
  return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

// libuv's record of a ring: two pointers to its mappings, and its descriptor. Their distances
// differ between versions of libuv, so they are taken from the record of a loop that is known.
struct RecordLayout {
  ptrdiff_t entries = 0;  // from the pointer to the queues, to that to the entries
  ptrdiff_t ring_fd = 0;  // from the same, to the descriptor
};

std::optional<RecordLayout> LayoutFrom(const void* record, size_t size, const RingMaps& maps) {
  const auto* words = static_cast<const uintptr_t*>(record);
  const size_t count = size / sizeof *words;
  for (size_t queues = 0; queues < count; queues++) {
    if (!Contains(maps.queues, words[queues])) continue;
    for (size_t entries = queues + 1; entries < count && entries < queues + 8; entries++) {
      if (!Contains(maps.entries, words[entries])) continue;
      const auto* numbers = reinterpret_cast<const int*>(words + entries + 1);
      const auto* end = reinterpret_cast<const int*>(words + std::min(count, entries + 12));
      for (const int* number = numbers; number < end; number++) {
        if (*number <= 2 || !IsRing(*number)) continue;
        return RecordLayout{
            static_cast<ptrdiff_t>((entries - queues) * sizeof *words),
            reinterpret_cast<const char*>(number) - reinterpret_cast<const char*>(words + queues)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<OtherRings> OtherRings::Find(uv_loop_t* own_loop) {
  const auto found = ReadRingMaps();
  if (!found) return std::nullopt;
  const RingMaps& maps = *found;
  OtherRings rings;
  void* own = own_loop->internal_fields;
  if (maps.queues.empty() || own == nullptr) return rings;
  const size_t own_size = malloc_usable_size(own);
  const auto layout = LayoutFrom(own, own_size, maps);
  if (!layout) return rings;
  const auto own_address = reinterpret_cast<uintptr_t>(own);
  for (uintptr_t at = maps.heap_start; at + sizeof at <= maps.heap_end; at += sizeof at) {
    const auto queues = *reinterpret_cast<volatile uintptr_t*>(at);
    if (!Contains(maps.queues, queues)) continue;
    if (at >= own_address && at < own_address + own_size) continue;
    if (at + layout->ring_fd + sizeof(int) > maps.heap_end) continue;
    int* ring_fd = reinterpret_cast<int*>(at + layout->ring_fd);
    if (Contains(maps.entries, *reinterpret_cast<uintptr_t*>(at + layout->entries)) &&
        IsRing(*ring_fd)) {
      rings.ring_fds_.push_back(ring_fd);
    }
  }
  return rings;
}

void OtherRings::Leave() const {
  for (int* ring_fd : ring_fds_) *ring_fd = -1;
}

}  // namespace truefork
