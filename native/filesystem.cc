// What a process has of the file system: umask(2), chdir(2), fchdir(2), getcwd(3), chroot(2).
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "families.h"
#include "syscall.h"

namespace truefork {

static Napi::Value Umask(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), umask(static_cast<mode_t>(Int(info, 0))));
}

static Napi::Value Chdir(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), chdir(Text(info, 0).c_str()));
}

static Napi::Value Fchdir(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), fchdir(Int(info, 0)));
}

// getcwd(): the path, or -errno.
static Napi::Value Getcwd(const Napi::CallbackInfo& info) {
  char* path = getcwd(nullptr, 0);
  if (path == nullptr) return Answer(info.Env(), -1);
  const Napi::Value answer = Napi::String::New(info.Env(), path);
  free(path);
  return answer;
}

static Napi::Value Chroot(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), chroot(Text(info, 0).c_str()));
}

void FilesystemFamily(Napi::Object exports) {
  Export(exports, "umask", Umask);
  Export(exports, "chdir", Chdir);
  Export(exports, "fchdir", Fchdir);
  Export(exports, "getcwd", Getcwd);
  Export(exports, "chroot", Chroot);
}

}  // namespace truefork
