#include "loop.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "descriptors.h"

namespace truefork {

std::optional<LoopState> LoopState::Of(uv_loop_t* loop) {
  LoopState state;
  state.loop_ = loop;
  uv_walk(
      loop, [](uv_handle_t* handle, void* state) { static_cast<LoopState*>(state)->Note(handle); },
      &state);
  if (const int error = state.watches_.NoteMasks(loop)) {
    errno = error;
    return std::nullopt;
  }
  // A file is read without a handle.
  struct stat stat;
  if (fstat(STDIN_FILENO, &stat) == 0 && S_ISREG(stat.st_mode)) {
    state.standard_streams_ |= 1 << STDIN_FILENO;
  }
  constexpr int kTerminal = 1 << 3;
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (isatty(fd)) state.standard_streams_ |= kTerminal;
  }
  return state;
}

void LoopState::Note(uv_handle_t* handle) {
  if (handle->type == UV_ASYNC) {
    // libuv keeps the flag in the handle; zero says that nothing is pending in every version.
    auto* async = reinterpret_cast<uv_async_t*>(handle);
    if (uv_is_active(handle) && async->pending != 0) wakeups_.push_back(async);
  } else if (handle->type == UV_NAMED_PIPE || handle->type == UV_TCP || handle->type == UV_TTY) {
    NoteStream(reinterpret_cast<uv_stream_t*>(handle));
  } else if (handle->type == UV_PROCESS && uv_is_active(handle)) {
    programs_.push_back(handle);
  } else if (handle->type == UV_FS_EVENT && uv_is_active(handle)) {
    watches_.Note(reinterpret_cast<uv_fs_event_t*>(handle));
  }
}

void LoopState::NoteStream(uv_stream_t* stream) {
  if (stream->type == UV_NAMED_PIPE) {
    auto* pipe = reinterpret_cast<uv_pipe_t*>(stream);
    if (pipe->pipe_fname != nullptr) named_.push_back(pipe);
  }
  int fd = -1;
  if (stream->type == UV_TTY) {
    // libuv reads a terminal by a descriptor of its own. One that is active is read.
    fd = uv_is_active(reinterpret_cast<uv_handle_t*>(stream)) ? STDIN_FILENO : -1;
  } else if (uv_fileno(reinterpret_cast<uv_handle_t*>(stream), &fd) != 0) {
    return;
  }
  if (fd < STDIN_FILENO || fd > STDERR_FILENO) return;
  standard_streams_ |= 1 << fd;
  if (stream->write_queue_size > 0) unwritten_.push_back(stream);
}

int WriteWhole(int fd, const void* bytes, size_t length) {
  const char* next = static_cast<const char*>(bytes);
  while (length > 0) {
    const ssize_t written = write(fd, next, length);
    if (written >= 0) {
      next += written;
      length -= static_cast<size_t>(written);
    } else if (errno == EAGAIN) {
      pollfd room = {fd, POLLOUT, 0};
      poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

// The requests of a stream, in their order. (What is used of libuv's records is in its public
// headers, and the same in every version 1.)
template <typename Visit>
static void ForEachRequest(const uv_stream_t* stream, const Visit& visit) {
  const auto* queue = reinterpret_cast<const struct uv__queue*>(&stream->write_queue);
  for (auto* entry = queue->next; entry != queue; entry = entry->next) {
    visit(reinterpret_cast<uv_write_t*>(reinterpret_cast<char*>(entry) -
                                        offsetof(uv_write_t, queue)));
  }
}

// Somebody else writes it, or it is written: the requests are done, as soon as the stream takes
// more.
static void ForgetUnwritten(uv_stream_t* stream) {
  ForEachRequest(stream, [stream](uv_write_t* request) {
    if (request->nbufs == 0) return;
    for (unsigned i = request->write_index; i < request->nbufs; i++) {
      stream->write_queue_size -= request->bufs[i].len;
      request->bufs[i].len = 0;
    }
    request->write_index = request->nbufs - 1;
  });
}

void LoopState::WriteOut() {
  for (uv_stream_t* stream : unwritten_) {
    uv_os_fd_t fd;
    if (uv_fileno(reinterpret_cast<uv_handle_t*>(stream), &fd) != 0) continue;
    ForEachRequest(stream, [fd](const uv_write_t* request) {
      for (unsigned i = request->write_index; i < request->nbufs; i++) {
        WriteWhole(fd, request->bufs[i].base, request->bufs[i].len);
      }
    });
    ForgetUnwritten(stream);
  }
}

// Takes all numbers below this one that are free.
static std::vector<int> Fill(int fd) {
  std::vector<int> taken;
  for (;;) {
    const int lowest = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (lowest < 0) return taken;
    if (lowest > fd) {
      close(lowest);
      return taken;
    }
    taken.push_back(lowest);
  }
}

int LoopState::Renew() {
  const int epoll = loop_->backend_fd;
  watches_.Hide(loop_);
  // So that libuv gets the number again that it gives back first. With a lower one it would leave
  // that to what it makes next: to the eventfd of its wake-ups.
  const std::vector<int> taken = Fill(epoll);
  int error = -uv_loop_fork(loop_);
  for (const int fd : taken) close(fd);
  if (error == 0) error = watches_.Renew(loop_);
  if (error != 0) return error;

  // uv__io_poll holds the number in a local: a fork in one of its callbacks goes on with it.
  if (loop_->backend_fd != epoll) {
    error = Replace(epoll, loop_->backend_fd);
    if (error != 0) return error;
    loop_->backend_fd = epoll;
  }

  // uv_loop_fork forgets the pending wake-ups, and a lost one strands a message for a thread-safe
  // function. Only those: a wake-up out of nothing makes Node start its inspector, for one. That of
  // the threadpool's finished jobs is libuv's own, hidden from uv_walk; one too many does no harm.
  for (uv_async_t* async : wakeups_) uv_async_send(async);
  uv_async_send(&loop_->wq_async);

  // To close a Unix socket that listens removes its file, which is the parent's. (The few bytes of
  // the name are libuv's to free.)
  for (uv_pipe_t* pipe : named_) pipe->pipe_fname = nullptr;
  for (uv_stream_t* stream : unwritten_) ForgetUnwritten(stream);
  // The kernel tells a process of its own children alone: nothing would ever end this wait.
  for (uv_handle_t* program : programs_) uv_unref(program);
  return 0;
}

}  // namespace truefork
