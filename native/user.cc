// getpwnam(3), getpwuid(3), getgrnam(3), by their forms that are safe with threads.
#include <grp.h>
#include <pwd.h>

#include <vector>

#include "families.h"
#include "syscall.h"

namespace truefork {

// The entry that `look` finds, described; null if there is none; or -errno.
template <typename Entry, typename Look, typename Describe>
static Napi::Value Looked(Napi::Env env, Look look, Describe describe) {
  std::vector<char> buffer(1024);
  for (;;) {
    Entry entry;
    Entry* found = nullptr;
    const int error = look(&entry, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) {
      buffer.resize(2 * buffer.size());
      continue;
    }
    if (error != 0) return Failure(env, error);
    return found == nullptr ? env.Null() : describe(*found);
  }
}

static Napi::Value Described(Napi::Env env, const passwd& entry) {
  Napi::Object described = Napi::Object::New(env);
  described["name"] = entry.pw_name;
  described["uid"] = entry.pw_uid;
  described["gid"] = entry.pw_gid;
  described["dir"] = entry.pw_dir;
  described["shell"] = entry.pw_shell;
  return described;
}

static Napi::Value Getpwnam(const Napi::CallbackInfo& info) {
  const std::string name = Text(info, 0);
  return Looked<passwd>(
      info.Env(),
      [&](passwd* entry, char* buffer, size_t size, passwd** found) {
        return getpwnam_r(name.c_str(), entry, buffer, size, found);
      },
      [&](const passwd& entry) { return Described(info.Env(), entry); });
}

static Napi::Value Getpwuid(const Napi::CallbackInfo& info) {
  const uid_t uid = static_cast<uid_t>(Long(info, 0));
  return Looked<passwd>(
      info.Env(),
      [&](passwd* entry, char* buffer, size_t size, passwd** found) {
        return getpwuid_r(uid, entry, buffer, size, found);
      },
      [&](const passwd& entry) { return Described(info.Env(), entry); });
}

static Napi::Value Getgrnam(const Napi::CallbackInfo& info) {
  const std::string name = Text(info, 0);
  return Looked<group>(
      info.Env(),
      [&](group* entry, char* buffer, size_t size, group** found) {
        return getgrnam_r(name.c_str(), entry, buffer, size, found);
      },
      [&](const group& entry) -> Napi::Value {
        Napi::Object described = Napi::Object::New(info.Env());
        described["name"] = entry.gr_name;
        described["gid"] = entry.gr_gid;
        return described;
      });
}

void UserFamily(Napi::Object exports) {
  Export(exports, "getpwnam", Getpwnam);
  Export(exports, "getpwuid", Getpwuid);
  Export(exports, "getgrnam", Getgrnam);
}

}  // namespace truefork
