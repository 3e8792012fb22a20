// tcgetattr(3), tcsetattr(3), cfmakeraw(3), tcsendbreak(3), tcdrain(3), tcflush(3), tcflow(3),
// isatty(3), ttyname(3), ctermid(3).
#include <limits.h>
#include <termios.h>
#include <unistd.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

// A termios travels as an Uint32Array: the four sets of flags, the line discipline, the speeds of
// input and output, and the special characters.
constexpr size_t kCharacters = 7;

int ToTermios(const Napi::Value& value, termios* into) {
  Napi::Uint32Array words = value.As<Napi::Uint32Array>();
  termios modes = {};
  modes.c_iflag = words[0];
  modes.c_oflag = words[1];
  modes.c_cflag = words[2];
  modes.c_lflag = words[3];
  modes.c_line = static_cast<cc_t>(words[4]);
  for (size_t i = 0; i < NCCS; i++) modes.c_cc[i] = static_cast<cc_t>(words[kCharacters + i]);
  int error = cfsetispeed(&modes, words[5]) == 0 ? 0 : errno;
  if (error == 0 && cfsetospeed(&modes, words[6]) != 0) error = errno;
  *into = modes;
  return error;
}

static void ToWords(const termios& modes, const Napi::Value& value) {
  Napi::Uint32Array words = value.As<Napi::Uint32Array>();
  words[0] = modes.c_iflag;
  words[1] = modes.c_oflag;
  words[2] = modes.c_cflag;
  words[3] = modes.c_lflag;
  words[4] = modes.c_line;
  words[5] = cfgetispeed(&modes);
  words[6] = cfgetospeed(&modes);
  for (size_t i = 0; i < NCCS; i++) words[kCharacters + i] = modes.c_cc[i];
}

// tcgetattr(fd, words)
static Napi::Value Tcgetattr(const Napi::CallbackInfo& info) {
  termios modes;
  const int result = tcgetattr(Int(info, 0), &modes);
  if (result == 0) ToWords(modes, info[1]);
  return Answer(info.Env(), result);
}

// tcsetattr(fd, actions, words)
static Napi::Value Tcsetattr(const Napi::CallbackInfo& info) {
  termios modes;
  if (const int error = ToTermios(info[2], &modes)) return Failure(info.Env(), error);
  return Answer(info.Env(), tcsetattr(Int(info, 0), Int(info, 1), &modes));
}

// cfmakeraw(words)
static Napi::Value Cfmakeraw(const Napi::CallbackInfo& info) {
  termios modes;
  if (const int error = ToTermios(info[0], &modes)) return Failure(info.Env(), error);
  cfmakeraw(&modes);
  ToWords(modes, info[0]);
  return Answer(info.Env(), 0);
}

static Napi::Value Tcsendbreak(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), tcsendbreak(Int(info, 0), Int(info, 1)));
}

static Napi::Value Tcdrain(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), tcdrain(Int(info, 0)));
}

static Napi::Value Tcflush(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), tcflush(Int(info, 0), Int(info, 1)));
}

static Napi::Value Tcflow(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), tcflow(Int(info, 0), Int(info, 1)));
}

static Napi::Value Isatty(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), isatty(Int(info, 0)) == 1);
}

// ttyname(fd): a path, or -errno.
static Napi::Value Ttyname(const Napi::CallbackInfo& info) {
  char path[PATH_MAX];
  const int error = ttyname_r(Int(info, 0), path, sizeof path);
  if (error != 0) return Failure(info.Env(), error);
  return Napi::String::New(info.Env(), path);
}

static Napi::Value Ctermid(const Napi::CallbackInfo& info) {
  char path[L_ctermid];
  return Napi::String::New(info.Env(), ctermid(path));
}

void TermiosFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "tcgetattr", Tcgetattr);
  Export(exports, "tcsetattr", Tcsetattr);
  Export(exports, "cfmakeraw", Cfmakeraw);
  Export(exports, "tcsendbreak", Tcsendbreak);
  Export(exports, "tcdrain", Tcdrain);
  Export(exports, "tcflush", Tcflush);
  Export(exports, "tcflow", Tcflow);
  Export(exports, "isatty", Isatty);
  Export(exports, "ttyname", Ttyname);
  Export(exports, "ctermid", Ctermid);
  TRUEFORK_CONSTANT(constants, TCSANOW);
  TRUEFORK_CONSTANT(constants, TCSADRAIN);
  TRUEFORK_CONSTANT(constants, TCSAFLUSH);
  TRUEFORK_CONSTANT(constants, TCIFLUSH);
  TRUEFORK_CONSTANT(constants, TCOFLUSH);
  TRUEFORK_CONSTANT(constants, TCIOFLUSH);
  TRUEFORK_CONSTANT(constants, TCOOFF);
  TRUEFORK_CONSTANT(constants, TCOON);
  TRUEFORK_CONSTANT(constants, TCIOFF);
  TRUEFORK_CONSTANT(constants, TCION);
  TRUEFORK_CONSTANT(constants, NCCS);
  TRUEFORK_CONSTANT(constants, BRKINT);
  TRUEFORK_CONSTANT(constants, ICRNL);
  TRUEFORK_CONSTANT(constants, IGNBRK);
  TRUEFORK_CONSTANT(constants, IGNCR);
  TRUEFORK_CONSTANT(constants, IGNPAR);
  TRUEFORK_CONSTANT(constants, INLCR);
  TRUEFORK_CONSTANT(constants, INPCK);
  TRUEFORK_CONSTANT(constants, ISTRIP);
  TRUEFORK_CONSTANT(constants, IXANY);
  TRUEFORK_CONSTANT(constants, IXOFF);
  TRUEFORK_CONSTANT(constants, IXON);
  TRUEFORK_CONSTANT(constants, IUTF8);
  TRUEFORK_CONSTANT(constants, PARMRK);
  TRUEFORK_CONSTANT(constants, OPOST);
  TRUEFORK_CONSTANT(constants, ONLCR);
  TRUEFORK_CONSTANT(constants, OCRNL);
  TRUEFORK_CONSTANT(constants, ONOCR);
  TRUEFORK_CONSTANT(constants, ONLRET);
  TRUEFORK_CONSTANT(constants, CSIZE);
  TRUEFORK_CONSTANT(constants, CS5);
  TRUEFORK_CONSTANT(constants, CS6);
  TRUEFORK_CONSTANT(constants, CS7);
  TRUEFORK_CONSTANT(constants, CS8);
  TRUEFORK_CONSTANT(constants, CSTOPB);
  TRUEFORK_CONSTANT(constants, CREAD);
  TRUEFORK_CONSTANT(constants, PARENB);
  TRUEFORK_CONSTANT(constants, PARODD);
  TRUEFORK_CONSTANT(constants, HUPCL);
  TRUEFORK_CONSTANT(constants, CLOCAL);
  TRUEFORK_CONSTANT(constants, ECHO);
  TRUEFORK_CONSTANT(constants, ECHOE);
  TRUEFORK_CONSTANT(constants, ECHOK);
  TRUEFORK_CONSTANT(constants, ECHONL);
  TRUEFORK_CONSTANT(constants, ECHOCTL);
  TRUEFORK_CONSTANT(constants, ICANON);
  TRUEFORK_CONSTANT(constants, IEXTEN);
  TRUEFORK_CONSTANT(constants, ISIG);
  TRUEFORK_CONSTANT(constants, NOFLSH);
  TRUEFORK_CONSTANT(constants, TOSTOP);
  TRUEFORK_CONSTANT(constants, VEOF);
  TRUEFORK_CONSTANT(constants, VEOL);
  TRUEFORK_CONSTANT(constants, VEOL2);
  TRUEFORK_CONSTANT(constants, VERASE);
  TRUEFORK_CONSTANT(constants, VINTR);
  TRUEFORK_CONSTANT(constants, VKILL);
  TRUEFORK_CONSTANT(constants, VLNEXT);
  TRUEFORK_CONSTANT(constants, VMIN);
  TRUEFORK_CONSTANT(constants, VQUIT);
  TRUEFORK_CONSTANT(constants, VREPRINT);
  TRUEFORK_CONSTANT(constants, VSTART);
  TRUEFORK_CONSTANT(constants, VSTOP);
  TRUEFORK_CONSTANT(constants, VSUSP);
  TRUEFORK_CONSTANT(constants, VTIME);
  TRUEFORK_CONSTANT(constants, VWERASE);
  TRUEFORK_CONSTANT(constants, B0);
  TRUEFORK_CONSTANT(constants, B9600);
  TRUEFORK_CONSTANT(constants, B19200);
  TRUEFORK_CONSTANT(constants, B38400);
  TRUEFORK_CONSTANT(constants, B57600);
  TRUEFORK_CONSTANT(constants, B115200);
  TRUEFORK_CONSTANT(constants, B230400);
}

}  // namespace truefork
