// The nanoseconds of processor time that a system call takes from C: syscall-times ROW CALLS prints
// them. Not of the clock, which goes on while others have the processor.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char bytes[65536];
static int ends[2];
static pid_t child;

static void Getppid(void) {
  getppid();
}

static void Kill(void) {
  kill(child, 0);
}

static void Waitpid(void) {
  int status;
  waitpid(child, &status, WNOHANG);
}

static void Transfer(size_t length) {
  if (write(ends[1], bytes, length) != (ssize_t)length) abort();
  if (read(ends[0], bytes, length) != (ssize_t)length) abort();
}

static void Byte(void) {
  Transfer(1);
}

static void Block(void) {
  Transfer(sizeof bytes);
}

static void Mmap(void) {
  munmap(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
}

static double Nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int count, char** arguments) {
  static const struct {
    const char* name;
    void (*call)(void);
  } rows[] = {{"getppid", Getppid}, {"kill", Kill},   {"waitpid", Waitpid},
              {"byte", Byte},       {"block", Block}, {"mmap", Mmap}};
  int life[2];
  if (count != 3 || pipe(ends) != 0 || pipe(life) != 0) return 2;
  const long calls = atol(arguments[2]);
  child = fork();
  if (child == 0) {
    // Until the parent has ended.
    close(life[1]);
    _exit((int)read(life[0], bytes, 1));
  }
  for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
    if (strcmp(rows[n].name, arguments[1]) != 0) continue;
    for (long i = 0; i < calls / 10; i++) rows[n].call();
    const double start = Nanoseconds();
    for (long i = 0; i < calls; i++) rows[n].call();
    printf("%f\n", (Nanoseconds() - start) / (double)calls);
  }
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return 0;
}
