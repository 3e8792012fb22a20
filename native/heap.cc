// What the heaps of V8 and of malloc have and do not need.
#include <malloc.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

// releaseMemory(limit): limit is the most that V8's heap may be. V8 gives up what its young
// generation has grown to only where memory is short. It takes it to be when what it is told of
// memory outside its heap has grown by more than half of the limit, and collects all at once.
static Napi::Value ReleaseMemory(const Napi::CallbackInfo& info) {
  const int64_t limit = Long(info, 0);
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), limit);
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), -limit);
  malloc_trim(0);
  return ToNumber(info.Env(), 0);
}

void HeapFamily(Napi::Object exports) {
  Export(exports, "releaseMemory", ReleaseMemory);
}

}  // namespace truefork
