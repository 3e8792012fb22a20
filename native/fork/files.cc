#include "files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace truefork {

std::optional<std::string> ReadFile(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string text;
  char buffer[16384];
  ssize_t got;
  while ((got = read(fd, buffer, sizeof buffer)) != 0) {
    if (got > 0) {
      text.append(buffer, static_cast<size_t>(got));
    } else if (errno != EINTR) {
      const int error = errno;
      close(fd);
      errno = error;
      return std::nullopt;
    }
  }
  close(fd);
  return text;
}

}  // namespace truefork
