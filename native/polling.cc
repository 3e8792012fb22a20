// epoll_ctl(2) on the set that the event loop waits on: what one of its handles watches can be left
// out for a while. libuv has no call for it: a socket that listens is polled until it is closed.
// And which descriptors the loop has.
#include <sys/epoll.h>
#include <uv.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

static Napi::Value Control(const Napi::CallbackInfo& info, int operation, uint32_t events) {
  Napi::Env env = info.Env();
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return Failure(env, ENOTSUP);
  const int fd = Int(info, 0);
  // As libuv itself puts it there: it finds the handle by the number.
  epoll_event event = {.events = events, .data = {.fd = fd}};
  return Answer(env, epoll_ctl(uv_backend_fd(loop), operation, fd, &event));
}

// pausePolling(fd)
static Napi::Value PausePolling(const Napi::CallbackInfo& info) {
  return Control(info, EPOLL_CTL_DEL, 0);
}

// resumePolling(fd, exclusive)
static Napi::Value ResumePolling(const Napi::CallbackInfo& info) {
  const bool exclusive = info[1].As<Napi::Boolean>().Value();
  return Control(info, EPOLL_CTL_ADD, exclusive ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN);
}

static void AddDescriptor(uv_handle_t* handle, void* data) {
  auto& numbers = *static_cast<Napi::Array*>(data);
  uv_os_fd_t fd;
  if (uv_fileno(handle, &fd) == 0) numbers.Set(numbers.Length(), fd);
}

// handleDescriptors(): those of the loop's handles, and two that it has for all of them; or -errno.
static Napi::Value HandleDescriptors(const Napi::CallbackInfo& info) {
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(info.Env(), &loop) != napi_ok) return Failure(info.Env(), ENOTSUP);
  Napi::Array numbers = Napi::Array::New(info.Env());
  uv_walk(loop, AddDescriptor, &numbers);
  numbers.Set(numbers.Length(), loop->inotify_fd);
  numbers.Set(numbers.Length(), loop->emfile_fd);
  return numbers;
}

void PollingFamily(Napi::Object exports) {
  Export(exports, "pausePolling", PausePolling);
  Export(exports, "resumePolling", ResumePolling);
  Export(exports, "handleDescriptors", HandleDescriptors);
}

}  // namespace truefork
