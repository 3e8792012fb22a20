// shm_open(3), shm_unlink(3), and ftruncate(2), which gives what they open its size.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

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

static Napi::Value Ftruncate(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), ftruncate(Int(info, 0), Long(info, 1)));
}

void ShmFamily(Napi::Object exports) {
  Export(exports, "shm_open", ShmOpen);
  Export(exports, "shm_unlink", ShmUnlink);
  Export(exports, "ftruncate", Ftruncate);
}

}  // namespace truefork
