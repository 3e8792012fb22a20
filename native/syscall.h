// The result protocol of every raw call: a value >= 0, or -errno. TypeScript turns the latter into
// a typed error; nothing here throws, because an error made in C++ belongs to the main realm.
#pragma once

#include <napi.h>

#include <cerrno>
#include <string>

namespace truefork {

// errno is read before anything else can run: a Node-API call may allocate, and change it.
inline Napi::Value Answer(Napi::Env env, long long result) {
  const long long answer = result >= 0 ? result : -errno;
  return Napi::Number::New(env, static_cast<double>(answer));
}

inline Napi::Value Failure(Napi::Env env, int error) {
  return Napi::Number::New(env, -error);
}

// The arguments, which TypeScript has checked.
inline int Int(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Int32Value();
}

inline long long Long(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Int64Value();
}

inline std::string Text(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::String>().Utf8Value();
}

inline bool Given(const Napi::CallbackInfo& info, size_t index) {
  return !info[index].IsUndefined() && !info[index].IsNull();
}

// One function of the addon.
inline void Export(Napi::Object exports, const char* name,
                   Napi::Value (*call)(const Napi::CallbackInfo&)) {
  exports.Set(name, Napi::Function::New(exports.Env(), call, name));
}

}  // namespace truefork
