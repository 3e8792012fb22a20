// The result protocol of every raw call: a value >= 0, or -errno. TypeScript turns the latter into
// a typed error; nothing here throws, because an error made in C++ belongs to the main realm.
#pragma once

#include <napi.h>

#include <cerrno>
#include <cstdint>
#include <string>

namespace truefork {

inline Napi::Value ToNumber(Napi::Env env, int64_t number) {
  napi_value value;
  napi_create_int64(env, number, &value);
  return {env, value};
}

// errno is read before anything else can run: a Node-API call may allocate, and change it.
inline Napi::Value Answer(Napi::Env env, long long result) {
  return ToNumber(env, result >= 0 ? result : -errno);
}

inline Napi::Value Failure(Napi::Env env, int error) {
  return ToNumber(env, -error);
}

// The arguments, which TypeScript has checked.
inline int Int(const Napi::CallbackInfo& info, size_t index) {
  int32_t value = 0;
  napi_get_value_int32(info.Env(), info[index], &value);
  return value;
}

inline long long Long(const Napi::CallbackInfo& info, size_t index) {
  int64_t value = 0;
  napi_get_value_int64(info.Env(), info[index], &value);
  return value;
}

inline double Double(const Napi::CallbackInfo& info, size_t index) {
  double value = 0;
  napi_get_value_double(info.Env(), info[index], &value);
  return value;
}

// The elements of a typed array; of one that was detached nullptr, and a length of 0.
template <typename Element>
struct Elements {
  Element* data;
  size_t length;
};

template <typename Element>
Elements<Element> ToElements(const Napi::Value& array) {
  void* data = nullptr;
  size_t length = 0;
  // All at once: each of node-addon-api's own answers would ask anew.
  napi_get_typedarray_info(array.Env(), array, nullptr, &length, &data, nullptr, nullptr);
  return {static_cast<Element*>(data), length};
}

template <typename Element>
Elements<Element> ToElements(const Napi::CallbackInfo& info, size_t index) {
  return ToElements<Element>(info[index]);
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
