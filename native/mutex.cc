// pthread_mutex_t in shared memory: robust, shared between processes, and checking for errors. Only
// what does not block: to wait is for the caller, who lets a signal interrupt it.
#include <pthread.h>

#include <cstdint>

#include "families.h"
#include "syscall.h"

namespace truefork {

// The mutex that begins at a word of an Int32Array.
static pthread_mutex_t* Mutex(const Napi::CallbackInfo& info) {
  return reinterpret_cast<pthread_mutex_t*>(ToElements<int32_t>(info, 0).data + Long(info, 1));
}

// These calls give their errno, and do not set it.
static Napi::Value Given(const Napi::CallbackInfo& info, int error) {
  return ToNumber(info.Env(), -error);
}

// pthread_mutex_init(words: Int32Array, index)
static Napi::Value Init(const Napi::CallbackInfo& info) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  const int error = pthread_mutex_init(Mutex(info), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return Given(info, error);
}

// pthread_mutex_trylock(words: Int32Array, index)
static Napi::Value TryLock(const Napi::CallbackInfo& info) {
  return Given(info, pthread_mutex_trylock(Mutex(info)));
}

// pthread_mutex_unlock(words: Int32Array, index)
static Napi::Value Unlock(const Napi::CallbackInfo& info) {
  return Given(info, pthread_mutex_unlock(Mutex(info)));
}

// pthread_mutex_consistent(words: Int32Array, index)
static Napi::Value Consistent(const Napi::CallbackInfo& info) {
  return Given(info, pthread_mutex_consistent(Mutex(info)));
}

void MutexFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "pthread_mutex_init", Init);
  Export(exports, "pthread_mutex_trylock", TryLock);
  Export(exports, "pthread_mutex_unlock", Unlock);
  Export(exports, "pthread_mutex_consistent", Consistent);
  constants["PTHREAD_MUTEX_SIZE"] = static_cast<double>(sizeof(pthread_mutex_t));
}

}  // namespace truefork
