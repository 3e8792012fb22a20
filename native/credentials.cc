// The users and groups that a process acts as. All by the C library: the kernel keeps them for each
// thread by itself, and its functions change those of every thread (nptl(7)).
#include <grp.h>
#include <sys/types.h>
#include <unistd.h>

#include <vector>

#include "families.h"
#include "syscall.h"

namespace truefork {

// An id; -1, which some calls take for "as it is", is the largest.
static uid_t Id(const Napi::CallbackInfo& info, size_t index) {
  return static_cast<uid_t>(Long(info, index));
}

template <auto call>
static Napi::Value Get(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), call());
}

template <auto call>
static Napi::Value Set(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), call(Id(info, 0)));
}

template <auto call>
static Napi::Value SetTwo(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), call(Id(info, 0), Id(info, 1)));
}

template <auto call>
static Napi::Value SetThree(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), call(Id(info, 0), Id(info, 1), Id(info, 2)));
}

// getresuid(ids: Uint32Array(3)): the real one, the effective one, the saved one.
template <auto call>
static Napi::Value GetThree(const Napi::CallbackInfo& info) {
  uint32_t* ids = info[0].As<Napi::Uint32Array>().Data();
  return Answer(info.Env(), call(&ids[0], &ids[1], &ids[2]));
}

// getgroups(): the groups, or -errno.
static Napi::Value Getgroups(const Napi::CallbackInfo& info) {
  for (;;) {
    const int count = getgroups(0, nullptr);
    if (count < 0) return Answer(info.Env(), -1);
    std::vector<gid_t> groups(static_cast<size_t>(count));
    const int got = getgroups(count, groups.data());
    // Another thread has changed them meanwhile, and there are more.
    if (got < 0 && errno == EINVAL) continue;
    if (got < 0) return Answer(info.Env(), -1);
    Napi::Array list = Napi::Array::New(info.Env());
    for (int i = 0; i < got; i++) list.Set(list.Length(), groups[static_cast<size_t>(i)]);
    return list;
  }
}

// setgroups(groups: Uint32Array)
static Napi::Value Setgroups(const Napi::CallbackInfo& info) {
  const auto groups = info[0].As<Napi::Uint32Array>();
  return Answer(info.Env(), setgroups(groups.ElementLength(), groups.Data()));
}

static Napi::Value Initgroups(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), initgroups(Text(info, 0).c_str(), Id(info, 1)));
}

void CredentialsFamily(Napi::Object exports) {
  Export(exports, "getuid", Get<getuid>);
  Export(exports, "geteuid", Get<geteuid>);
  Export(exports, "getgid", Get<getgid>);
  Export(exports, "getegid", Get<getegid>);
  Export(exports, "getresuid", GetThree<getresuid>);
  Export(exports, "getresgid", GetThree<getresgid>);
  Export(exports, "setuid", Set<setuid>);
  Export(exports, "seteuid", Set<seteuid>);
  Export(exports, "setgid", Set<setgid>);
  Export(exports, "setegid", Set<setegid>);
  Export(exports, "setreuid", SetTwo<setreuid>);
  Export(exports, "setregid", SetTwo<setregid>);
  Export(exports, "setresuid", SetThree<setresuid>);
  Export(exports, "setresgid", SetThree<setresgid>);
  Export(exports, "getgroups", Getgroups);
  Export(exports, "setgroups", Setgroups);
  Export(exports, "initgroups", Initgroups);
}

}  // namespace truefork
