// msync(2), madvise(2), mprotect(2), mlock(2), mincore(2): on the pages of a mapping. Of other
// memory they answer EINVAL: V8's neighbours share its pages.
#include <sys/mman.h>

#include <optional>

#include "families.h"
#include "mapping.h"
#include "syscall.h"

namespace truefork {

// A Uint8Array on a mapping.
static std::optional<Elements<uint8_t>> OfMapping(const Napi::CallbackInfo& info) {
  const auto memory = ToElements<uint8_t>(info, 0);
  return IsMapped(memory.data, memory.length) ? std::optional(memory) : std::nullopt;
}

// msync(memory, flags)
static Napi::Value Msync(const Napi::CallbackInfo& info) {
  const auto memory = OfMapping(info);
  if (!memory) return Failure(info.Env(), EINVAL);
  return Answer(info.Env(), msync(memory->data, memory->length, Int(info, 1)));
}

// madvise(memory, advice)
static Napi::Value Madvise(const Napi::CallbackInfo& info) {
  const auto memory = OfMapping(info);
  if (!memory) return Failure(info.Env(), EINVAL);
  const int advice = Int(info, 1);
  const int result = madvise(memory->data, memory->length, advice);
  const Napi::Value answer = Answer(info.Env(), result);
  if (result == 0 && (advice == MADV_DONTFORK || advice == MADV_DOFORK)) {
    NoteForkAdvice(memory->data, memory->length, advice == MADV_DONTFORK);
  }
  return answer;
}

// mprotect(memory, protection)
static Napi::Value Mprotect(const Napi::CallbackInfo& info) {
  const auto memory = OfMapping(info);
  if (!memory) return Failure(info.Env(), EINVAL);
  return Answer(info.Env(), mprotect(memory->data, memory->length, Int(info, 1)));
}

static Napi::Value Mlock(const Napi::CallbackInfo& info) {
  const auto memory = OfMapping(info);
  if (!memory) return Failure(info.Env(), EINVAL);
  return Answer(info.Env(), mlock(memory->data, memory->length));
}

static Napi::Value Munlock(const Napi::CallbackInfo& info) {
  const auto memory = OfMapping(info);
  if (!memory) return Failure(info.Env(), EINVAL);
  return Answer(info.Env(), munlock(memory->data, memory->length));
}

static Napi::Value Mlockall(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), mlockall(Int(info, 0)));
}

static Napi::Value Munlockall(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), munlockall());
}

// mincore(memory, vec: Uint8Array, with a byte for each page)
static Napi::Value Mincore(const Napi::CallbackInfo& info) {
  const auto memory = OfMapping(info);
  if (!memory) return Failure(info.Env(), EINVAL);
  unsigned char* vec = ToElements<uint8_t>(info, 1).data;
  return Answer(info.Env(), mincore(memory->data, memory->length, vec));
}

void PagesFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "msync", Msync);
  Export(exports, "madvise", Madvise);
  Export(exports, "mprotect", Mprotect);
  Export(exports, "mlock", Mlock);
  Export(exports, "munlock", Munlock);
  Export(exports, "mlockall", Mlockall);
  Export(exports, "munlockall", Munlockall);
  Export(exports, "mincore", Mincore);
  TRUEFORK_CONSTANT(constants, MS_ASYNC);
  TRUEFORK_CONSTANT(constants, MS_SYNC);
  TRUEFORK_CONSTANT(constants, MS_INVALIDATE);
  TRUEFORK_CONSTANT(constants, MCL_CURRENT);
  TRUEFORK_CONSTANT(constants, MCL_FUTURE);
  TRUEFORK_CONSTANT(constants, MCL_ONFAULT);
  TRUEFORK_CONSTANT(constants, MADV_NORMAL);
  TRUEFORK_CONSTANT(constants, MADV_RANDOM);
  TRUEFORK_CONSTANT(constants, MADV_SEQUENTIAL);
  TRUEFORK_CONSTANT(constants, MADV_WILLNEED);
  TRUEFORK_CONSTANT(constants, MADV_DONTNEED);
  TRUEFORK_CONSTANT(constants, MADV_FREE);
  TRUEFORK_CONSTANT(constants, MADV_REMOVE);
  TRUEFORK_CONSTANT(constants, MADV_DONTFORK);
  TRUEFORK_CONSTANT(constants, MADV_DOFORK);
  TRUEFORK_CONSTANT(constants, MADV_MERGEABLE);
  TRUEFORK_CONSTANT(constants, MADV_UNMERGEABLE);
  TRUEFORK_CONSTANT(constants, MADV_HUGEPAGE);
  TRUEFORK_CONSTANT(constants, MADV_NOHUGEPAGE);
  TRUEFORK_CONSTANT(constants, MADV_DONTDUMP);
  TRUEFORK_CONSTANT(constants, MADV_DODUMP);
  TRUEFORK_CONSTANT(constants, MADV_WIPEONFORK);
  TRUEFORK_CONSTANT(constants, MADV_KEEPONFORK);
  TRUEFORK_CONSTANT(constants, MADV_COLD);
  TRUEFORK_CONSTANT(constants, MADV_PAGEOUT);
  TRUEFORK_CONSTANT(constants, MADV_HWPOISON);
  // Newer than the least glibc: Linux 2.6.33, 5.14, 5.14, 5.18, 6.1, 6.13.
  constants["MADV_SOFT_OFFLINE"] = 101.0;
  constants["MADV_POPULATE_READ"] = 22.0;
  constants["MADV_POPULATE_WRITE"] = 23.0;
  constants["MADV_DONTNEED_LOCKED"] = 24.0;
  constants["MADV_COLLAPSE"] = 25.0;
  constants["MADV_GUARD_INSTALL"] = 102.0;
  constants["MADV_GUARD_REMOVE"] = 103.0;
}

}  // namespace truefork
