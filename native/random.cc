// getrandom(2).
#include <sys/random.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

// getrandom(into: Uint8Array, flags)
static Napi::Value Getrandom(const Napi::CallbackInfo& info) {
  Napi::Uint8Array into = info[0].As<Napi::Uint8Array>();
  return Answer(info.Env(), getrandom(into.Data(), into.ByteLength(), Int(info, 1)));
}

void RandomFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "getrandom", Getrandom);
  TRUEFORK_CONSTANT(constants, GRND_NONBLOCK);
  TRUEFORK_CONSTANT(constants, GRND_RANDOM);
}

}  // namespace truefork
