// shm_open(3), shm_unlink(3).
#include <fcntl.h>
#include <sys/mman.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

static Napi::Value ShmOpen(const Napi::CallbackInfo& info) {
  const std::string name = Text(info, 0);
  const auto mode = static_cast<mode_t>(Int(info, 2));
  return Answer(info.Env(), shm_open(name.c_str(), Int(info, 1), mode));
}

static Napi::Value ShmUnlink(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), shm_unlink(Text(info, 0).c_str()));
}

void ShmFamily(Napi::Object exports) {
  Export(exports, "shm_open", ShmOpen);
  Export(exports, "shm_unlink", ShmUnlink);
}

}  // namespace truefork
