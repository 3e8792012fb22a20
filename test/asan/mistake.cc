// Mistakes on purpose: what proves that the sanitizers would find one in the addon.
#include <node_api.h>

#include <cstdlib>

static int Number(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  int number = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_int32(env, argument, &number);
  return number;
}

// Writes to the byte with this index of 8.
static napi_value Overrun(napi_env env, napi_callback_info info) {
  volatile char* bytes = static_cast<char*>(malloc(8));
  bytes[Number(env, info)] = 1;
  free(const_cast<char*>(bytes));
  return nullptr;
}

// Adds this to the greatest number.
static napi_value Overflow(napi_env env, napi_callback_info info) {
  volatile int greatest = 0x7fffffff;
  greatest = greatest + Number(env, info);
  return nullptr;
}

// Forgets so many bytes, a hundred times: a copy of the last pointer may be left in a register.
static napi_value Leak(napi_env env, napi_callback_info info) {
  const auto size = static_cast<size_t>(Number(env, info));
  for (int n = 0; n < 100; n++) {
    void* volatile memory = malloc(size);
    memory = nullptr;
    (void)memory;
  }
  return nullptr;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"overrun", nullptr, Overrun, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"overflow", nullptr, Overflow, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"leak", nullptr, Leak, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
