// mmap(2), munmap(2), mremap(2), on ArrayBuffers. A page is unmapped only where JavaScript loses it
// with the same call: the ArrayBuffer is detached, so that every view on it has length 0.
#include "mapping.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "families.h"
#include "syscall.h"

namespace truefork {

struct Pages {
  uintptr_t start;
  uintptr_t end;
};

struct Mapping {
  void* address;
  size_t length;
  bool mapped = true;
  // What of it the program has marked MADV_DONTFORK.
  std::vector<Pages> kept_out;
};

static const auto kPageSize = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));

// The mappings that JavaScript holds, by their address. Worker threads load the addon too.
static std::mutex mappings_lock;
static std::map<uintptr_t, Mapping*> mappings;

static uintptr_t AsNumber(const void* address) {
  return reinterpret_cast<uintptr_t>(address);
}

// The end of its last page.
static uintptr_t EndOf(uintptr_t start, size_t length) {
  return (start + length + kPageSize - 1) & -kPageSize;
}

// That which the address is in, or at the end of, or nullptr. With the lock held.
static Mapping* Around(uintptr_t address) {
  auto after = mappings.upper_bound(address);
  if (after == mappings.begin()) return nullptr;
  Mapping* mapping = (--after)->second;
  return address - after->first <= mapping->length ? mapping : nullptr;
}

bool IsMapped(const void* start, size_t length) {
  std::lock_guard guard(mappings_lock);
  const Mapping* mapping = Around(AsNumber(start));
  return mapping != nullptr &&
         length <= mapping->length - (AsNumber(start) - AsNumber(mapping->address));
}

void NoteForkAdvice(const void* start, size_t length, bool keep_out) {
  const Pages advised = {AsNumber(start), EndOf(AsNumber(start), length)};
  std::lock_guard guard(mappings_lock);
  Mapping* mapping = Around(advised.start);
  if (mapping == nullptr || length == 0) return;
  std::vector<Pages> kept_out;
  for (const Pages& pages : mapping->kept_out) {
    if (pages.start < advised.start) {
      kept_out.push_back({pages.start, std::min(pages.end, advised.start)});
    }
    if (pages.end > advised.end)
      kept_out.push_back({std::max(pages.start, advised.end), pages.end});
  }
  if (keep_out) kept_out.push_back(advised);
  mapping->kept_out = std::move(kept_out);
}

// Of each range that is kept out of forks, until one is answered with an errno.
template <typename Visit>
static int ForEachKeptOut(Visit visit) {
  std::lock_guard guard(mappings_lock);
  for (const auto& [address, mapping] : mappings) {
    for (const Pages& pages : mapping->kept_out) {
      if (const int error = visit(reinterpret_cast<void*>(pages.start), pages.end - pages.start)) {
        return error;
      }
    }
  }
  return 0;
}

int MarkKeptOut() {
  return ForEachKeptOut([](void* start, size_t length) {
    return madvise(start, length, MADV_DONTFORK) == 0 ? 0 : errno;
  });
}

int ReserveKeptOut() {
  return ForEachKeptOut([](void* start, size_t length) {
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    return mmap(start, length, PROT_NONE, kFlags, -1, 0) != MAP_FAILED ? 0 : errno;
  });
}

// The ArrayBuffer's memory has no owner left. It may have been unmapped long ago, and its address
// may belong to another mapping by now: only `mapped` says.
static void Finalize(Mapping* mapping) {
  {
    std::lock_guard guard(mappings_lock);
    if (mapping->mapped) {
      mappings.erase(AsNumber(mapping->address));
      munmap(mapping->address, mapping->length);
    }
  }
  delete mapping;
}

static void Keep(Mapping* mapping) {
  std::lock_guard guard(mappings_lock);
  mapping->mapped = true;
  mappings[AsNumber(mapping->address)] = mapping;
}

// The ArrayBuffer of what has been mapped.
static Napi::Value ToArrayBuffer(Napi::Env env, Mapping* mapping) {
  Keep(mapping);
  const auto finalize = [](napi_env, void*, void* hint) { Finalize(static_cast<Mapping*>(hint)); };
  napi_value buffer;
  const napi_status status = napi_create_external_arraybuffer(
      env, mapping->address, mapping->length, finalize, mapping, &buffer);
  if (status != napi_ok) {
    // A build of V8 whose sandbox forbids memory that is not its own (Electron). The other failure,
    // a length that is too great, would call the finalizer by itself; TypeScript has checked it.
    Finalize(mapping);
    return Failure(env, ENOTSUP);
  }
  return {env, buffer};
}

// The mapping whose first byte is the ArrayBuffer's, kept no longer: as soon as it is unmapped, its
// address may be another thread's. nullptr, if it is no mapping.
static Mapping* Take(const Napi::Value& buffer) {
  void* data = nullptr;
  size_t length;
  napi_get_arraybuffer_info(buffer.Env(), buffer, &data, &length);
  std::lock_guard guard(mappings_lock);
  const auto found = mappings.find(AsNumber(data));
  if (found == mappings.end()) return nullptr;
  Mapping* mapping = found->second;
  mappings.erase(found);
  mapping->mapped = false;
  return mapping;
}

// mmap(length, prot, flags, fd, offset): an ArrayBuffer, or -errno.
static Napi::Value Mmap(const Napi::CallbackInfo& info) {
  const auto length = static_cast<size_t>(Long(info, 0));
  void* address = mmap(nullptr, length, Int(info, 1), Int(info, 2), Int(info, 3), Long(info, 4));
  if (address == MAP_FAILED) return Answer(info.Env(), -1);
  return ToArrayBuffer(info.Env(), new Mapping{address, length});
}

// munmap(buffer): EINVAL if it is no mapping of ours, or not any more.
static Napi::Value Munmap(const Napi::CallbackInfo& info) {
  Mapping* mapping = Take(info[0]);
  if (mapping == nullptr) return Failure(info.Env(), EINVAL);
  // From the detaching on, the finalizer may delete the record.
  void* address = mapping->address;
  const size_t length = mapping->length;
  if (napi_detach_arraybuffer(info.Env(), info[0]) != napi_ok) {
    Keep(mapping);
    return Failure(info.Env(), EBUSY);
  }
  return Answer(info.Env(), munmap(address, length));
}

// What is kept out of forks, where the mapping is now. What it grows by is as its last page is.
static std::vector<Pages> Moved(const Mapping& old, const void* address, size_t length) {
  const uintptr_t by = AsNumber(address) - AsNumber(old.address);
  const uintptr_t old_end = EndOf(AsNumber(old.address), old.length);
  const uintptr_t end = EndOf(AsNumber(address), length);
  std::vector<Pages> moved;
  for (const Pages& pages : old.kept_out) {
    const uintptr_t start = pages.start + by;
    if (start < end) {
      moved.push_back({start, pages.end == old_end ? end : std::min(pages.end + by, end)});
    }
  }
  return moved;
}

// mremap(buffer, length, flags): the ArrayBuffer of the new range, or -errno. The old one is
// detached, unless MREMAP_DONTUNMAP leaves it its range.
static Napi::Value Mremap(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Mapping* old = Take(info[0]);
  if (old == nullptr) return Failure(env, EINVAL);
  const auto length = static_cast<size_t>(Long(info, 1));
  const int flags = Int(info, 2);
  // By its number: for MREMAP_DONTUNMAP the kernel reads a fifth argument, which glibc 2.34 leaves
  // to chance.
  const long result = syscall(SYS_mremap, old->address, old->length, length, flags, nullptr);
  if (result == -1) {
    const Napi::Value answer = Answer(env, -1);
    Keep(old);
    return answer;
  }
  void* address = reinterpret_cast<void*>(result);
  auto* mapping = new Mapping{address, length, true, Moved(*old, address, length)};
  if ((flags & MREMAP_DONTUNMAP) != 0) {
    Keep(old);
  } else if (napi_detach_arraybuffer(env, info[0]) != napi_ok) {
    // It is detached after the call, so that one that fails changes nothing; nothing of JavaScript
    // runs in between. Every ArrayBuffer of ours can be.
    napi_fatal_error("mremap", NAPI_AUTO_LENGTH, "a mapping that has moved cannot be detached",
                     NAPI_AUTO_LENGTH);
  }
  return ToArrayBuffer(env, mapping);
}

void MappingFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "mmap", Mmap);
  Export(exports, "munmap", Munmap);
  Export(exports, "mremap", Mremap);
  constants["PAGESIZE"] = static_cast<double>(kPageSize);
  TRUEFORK_CONSTANT(constants, PROT_NONE);
  TRUEFORK_CONSTANT(constants, PROT_READ);
  TRUEFORK_CONSTANT(constants, PROT_WRITE);
  TRUEFORK_CONSTANT(constants, PROT_EXEC);
  TRUEFORK_CONSTANT(constants, MAP_SHARED);
  TRUEFORK_CONSTANT(constants, MAP_PRIVATE);
  TRUEFORK_CONSTANT(constants, MAP_SHARED_VALIDATE);
  TRUEFORK_CONSTANT(constants, MAP_FIXED);
  TRUEFORK_CONSTANT(constants, MAP_FIXED_NOREPLACE);
  TRUEFORK_CONSTANT(constants, MAP_ANONYMOUS);
  TRUEFORK_CONSTANT(constants, MAP_POPULATE);
  TRUEFORK_CONSTANT(constants, MAP_NONBLOCK);
  TRUEFORK_CONSTANT(constants, MAP_NORESERVE);
  TRUEFORK_CONSTANT(constants, MAP_LOCKED);
  TRUEFORK_CONSTANT(constants, MAP_STACK);
  TRUEFORK_CONSTANT(constants, MAP_SYNC);
  TRUEFORK_CONSTANT(constants, MREMAP_MAYMOVE);
  TRUEFORK_CONSTANT(constants, MREMAP_FIXED);
  TRUEFORK_CONSTANT(constants, MREMAP_DONTUNMAP);
}

}  // namespace truefork
