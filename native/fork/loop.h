// The event loop across a fork: its kernel objects, which a child must not share, and what its
// handles would do in both processes.
#pragma once

#include <uv.h>

#include <optional>
#include <vector>

#include "watches.h"

namespace truefork {

class LoopState {
 public:
  // Looks through the handles. In the parent, with its threads parked: to walk the handles writes
  // to each, and a child would have to copy them all.
  // Without an answer, errno says why.
  static std::optional<LoopState> Of(uv_loop_t* loop);

  // In the child: new kernel objects (uv_loop_fork), the epoll descriptor under the number that it
  // had, no wake-up lost, nothing written twice, no socket file removed, no wait for the parent's
  // programs. 0 or an errno.
  int Renew();

  // Writes what streams on standard descriptors have not written yet, and waits for it. What fails
  // is lost, as it would be at the end of the process.
  void WriteOut();

  // Which of the descriptors 0 to 2 the loop reads or writes as a stream: bit n for descriptor n.
  // Bit 3: one of them is a terminal.
  int standard_streams() const { return standard_streams_; }

 private:
  void Note(uv_handle_t* handle);
  void NoteStream(uv_stream_t* stream);

  uv_loop_t* loop_ = nullptr;
  // The handles that another thread has woken and whose callback has not run yet.
  std::vector<uv_async_t*> wakeups_;
  // The Unix sockets that listen under a name.
  std::vector<uv_pipe_t*> named_;
  // Streams on standard descriptors that have not written all they were given.
  std::vector<uv_stream_t*> unwritten_;
  // The programs of child_process, whose ends are told to the parent alone.
  std::vector<uv_handle_t*> programs_;
  int standard_streams_ = 0;
  Watches watches_;
};

// Writes all of it, also where the descriptor does not block, and whatever signals come. 0 or an
// errno.
int WriteWhole(int fd, const void* bytes, size_t length);

}  // namespace truefork
