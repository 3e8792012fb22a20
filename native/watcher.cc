// Tells JavaScript when a descriptor is readable or writable, from the event loop: uv_poll(3). What
// the kernel offers as a descriptor (a pidfd, an inotify queue, a pipe) becomes an event by it.
#include <uv.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

struct Watcher {
  uv_poll_t poll;
  Napi::FunctionReference callback;
  Napi::AsyncContext context;
  napi_async_cleanup_hook_handle cleanup = nullptr;

  Watcher(Napi::Env env, const Napi::Function& function)
      : callback(Napi::Persistent(function)), context(env, "truefork.Watcher") {}
};

static void OnReady(uv_poll_t* poll, int status, int) {
  auto* watcher = static_cast<Watcher*>(poll->data);
  Napi::Env env = watcher->callback.Env();
  Napi::HandleScope scope(env);
  napi_value argument = Napi::Number::New(env, status);
  // Not node-addon-api's MakeCallback: it ends the process when a worker thread is ended in here.
  napi_make_callback(env, watcher->context, env.Global(), watcher->callback.Value(), 1, &argument,
                     nullptr);
  // Nobody below the event loop catches what the callback threw: it is an uncaught exception.
  if (napi_value thrown;
      env.IsExceptionPending() && napi_get_and_clear_last_exception(env, &thrown) == napi_ok) {
    napi_fatal_exception(env, thrown);
  }
}

// libuv owns the memory of the handle until it has called back.
static void OnClosed(uv_handle_t* handle) {
  auto* watcher = static_cast<Watcher*>(handle->data);
  Napi::HandleScope scope(watcher->callback.Env());
  napi_remove_async_cleanup_hook(watcher->cleanup);
  delete watcher;
}

static void Close(Watcher* watcher) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&watcher->poll);
  if (!uv_is_closing(handle)) uv_close(handle, OnClosed);
}

// The environment ends (a worker thread's, say) and its loop must not.
static void OnCleanup(napi_async_cleanup_hook_handle, void* data) {
  Close(static_cast<Watcher*>(data));
}

// watch(fd, writable, callback: (error: number) => void): a watcher for the calls below, or -errno.
static Napi::Value Watch(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return Failure(env, ENOTSUP);
  auto* watcher = new Watcher(env, info[2].As<Napi::Function>());
  const int error = uv_poll_init(loop, &watcher->poll, Int(info, 0));
  if (error != 0) {
    delete watcher;
    return Failure(env, -error);
  }
  watcher->poll.data = watcher;
  napi_add_async_cleanup_hook(env, OnCleanup, watcher, &watcher->cleanup);
  const int event = info[1].As<Napi::Boolean>().Value() ? UV_WRITABLE : UV_READABLE;
  if (const int failed = uv_poll_start(&watcher->poll, event, OnReady); failed != 0) {
    Close(watcher);
    return Failure(env, -failed);
  }
  return Napi::External<Watcher>::New(env, watcher);
}

static Watcher* Self(const Napi::CallbackInfo& info) {
  return info[0].As<Napi::External<Watcher>>().Data();
}

// unwatch(watcher), once. The descriptor may be closed right after it.
static Napi::Value Unwatch(const Napi::CallbackInfo& info) {
  Close(Self(info));
  return info.Env().Undefined();
}

// refWatcher(watcher, keepAlive): whether it keeps the event loop alive.
static Napi::Value RefWatcher(const Napi::CallbackInfo& info) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&Self(info)->poll);
  if (info[1].As<Napi::Boolean>().Value()) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
  return info.Env().Undefined();
}

void WatcherFamily(Napi::Object exports) {
  Export(exports, "watch", Watch);
  Export(exports, "unwatch", Unwatch);
  Export(exports, "refWatcher", RefWatcher);
}

}  // namespace truefork
