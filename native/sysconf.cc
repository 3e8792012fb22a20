// sysconf(3), and the names of what it can be asked.
#include <unistd.h>

#include "families.h"
#include "syscall.h"

namespace truefork {

struct Name {
  const char* name;
  int number;
};

#define NAME(name)          \
  Name {                    \
    "SC_" #name, _SC_##name \
  }

static const Name kNames[] = {
    NAME(2_CHAR_TERM),
    NAME(2_C_BIND),
    NAME(2_C_DEV),
    NAME(2_C_VERSION),
    NAME(2_FORT_DEV),
    NAME(2_FORT_RUN),
    NAME(2_LOCALEDEF),
    NAME(2_SW_DEV),
    NAME(2_UPE),
    NAME(2_VERSION),
    NAME(AIO_LISTIO_MAX),
    NAME(AIO_MAX),
    NAME(AIO_PRIO_DELTA_MAX),
    NAME(ARG_MAX),
    NAME(ASYNCHRONOUS_IO),
    NAME(ATEXIT_MAX),
    NAME(AVPHYS_PAGES),
    NAME(BC_BASE_MAX),
    NAME(BC_DIM_MAX),
    NAME(BC_SCALE_MAX),
    NAME(BC_STRING_MAX),
    NAME(CHARCLASS_NAME_MAX),
    NAME(CHAR_BIT),
    NAME(CHAR_MAX),
    NAME(CHAR_MIN),
    NAME(CHILD_MAX),
    NAME(CLK_TCK),
    NAME(COLL_WEIGHTS_MAX),
    NAME(DELAYTIMER_MAX),
    NAME(EQUIV_CLASS_MAX),
    NAME(EXPR_NEST_MAX),
    NAME(FSYNC),
    NAME(GETGR_R_SIZE_MAX),
    NAME(GETPW_R_SIZE_MAX),
    NAME(INT_MAX),
    NAME(INT_MIN),
    NAME(IOV_MAX),
    NAME(JOB_CONTROL),
    NAME(LINE_MAX),
    NAME(LOGIN_NAME_MAX),
    NAME(LONG_BIT),
    NAME(MAPPED_FILES),
    NAME(MB_LEN_MAX),
    NAME(MEMLOCK),
    NAME(MEMLOCK_RANGE),
    NAME(MEMORY_PROTECTION),
    NAME(MESSAGE_PASSING),
    NAME(MINSIGSTKSZ),
    NAME(MQ_OPEN_MAX),
    NAME(MQ_PRIO_MAX),
    NAME(NGROUPS_MAX),
    NAME(NL_ARGMAX),
    NAME(NL_LANGMAX),
    NAME(NL_MSGMAX),
    NAME(NL_NMAX),
    NAME(NL_SETMAX),
    NAME(NL_TEXTMAX),
    NAME(NPROCESSORS_CONF),
    NAME(NPROCESSORS_ONLN),
    NAME(NZERO),
    NAME(OPEN_MAX),
    NAME(PAGESIZE),
    NAME(PAGE_SIZE),
    NAME(PASS_MAX),
    NAME(PHYS_PAGES),
    NAME(PII),
    NAME(PII_INTERNET),
    NAME(PII_INTERNET_DGRAM),
    NAME(PII_INTERNET_STREAM),
    NAME(PII_OSI),
    NAME(PII_OSI_CLTS),
    NAME(PII_OSI_COTS),
    NAME(PII_OSI_M),
    NAME(PII_SOCKET),
    NAME(PII_XTI),
    NAME(POLL),
    NAME(PRIORITIZED_IO),
    NAME(PRIORITY_SCHEDULING),
    NAME(REALTIME_SIGNALS),
    NAME(RE_DUP_MAX),
    NAME(RTSIG_MAX),
    NAME(SAVED_IDS),
    NAME(SCHAR_MAX),
    NAME(SCHAR_MIN),
    NAME(SELECT),
    NAME(SEMAPHORES),
    NAME(SEM_NSEMS_MAX),
    NAME(SEM_VALUE_MAX),
    NAME(SHARED_MEMORY_OBJECTS),
    NAME(SHRT_MAX),
    NAME(SHRT_MIN),
    NAME(SIGQUEUE_MAX),
    NAME(SSIZE_MAX),
    NAME(STREAM_MAX),
    NAME(SYNCHRONIZED_IO),
    NAME(THREADS),
    NAME(THREAD_ATTR_STACKADDR),
    NAME(THREAD_ATTR_STACKSIZE),
    NAME(THREAD_DESTRUCTOR_ITERATIONS),
    NAME(THREAD_KEYS_MAX),
    NAME(THREAD_PRIORITY_SCHEDULING),
    NAME(THREAD_PRIO_INHERIT),
    NAME(THREAD_PRIO_PROTECT),
    NAME(THREAD_PROCESS_SHARED),
    NAME(THREAD_SAFE_FUNCTIONS),
    NAME(THREAD_STACK_MIN),
    NAME(THREAD_THREADS_MAX),
    NAME(TIMERS),
    NAME(TIMER_MAX),
    NAME(TTY_NAME_MAX),
    NAME(TZNAME_MAX),
    NAME(T_IOV_MAX),
    NAME(UCHAR_MAX),
    NAME(UINT_MAX),
    NAME(UIO_MAXIOV),
    NAME(ULONG_MAX),
    NAME(USHRT_MAX),
    NAME(VERSION),
    NAME(WORD_BIT),
    NAME(XBS5_ILP32_OFF32),
    NAME(XBS5_ILP32_OFFBIG),
    NAME(XBS5_LP64_OFF64),
    NAME(XBS5_LPBIG_OFFBIG),
    NAME(XOPEN_CRYPT),
    NAME(XOPEN_ENH_I18N),
    NAME(XOPEN_LEGACY),
    NAME(XOPEN_REALTIME),
    NAME(XOPEN_REALTIME_THREADS),
    NAME(XOPEN_SHM),
    NAME(XOPEN_UNIX),
    NAME(XOPEN_VERSION),
    NAME(XOPEN_XCU_VERSION),
    NAME(XOPEN_XPG2),
    NAME(XOPEN_XPG3),
    NAME(XOPEN_XPG4),
};

// sysconfNames(): [name, number] a row.
static Napi::Value SysconfNames(const Napi::CallbackInfo& info) {
  Napi::Array table = Napi::Array::New(info.Env());
  for (const Name& row : kNames) {
    Napi::Array entry = Napi::Array::New(info.Env(), 2);
    entry.Set(0u, row.name);
    entry.Set(1u, row.number);
    table.Set(table.Length(), entry);
  }
  return table;
}

// sysconf(name, value: Float64Array(1)): 1, and the value, which may be negative; 0 if there is
// none; or -errno. -1 is no value: only errno tells whether it is an error.
static Napi::Value Sysconf(const Napi::CallbackInfo& info) {
  errno = 0;
  const long value = sysconf(Int(info, 0));
  if (value == -1) return Failure(info.Env(), errno);
  info[1].As<Napi::Float64Array>()[0] = static_cast<double>(value);
  return Answer(info.Env(), 1);
}

void SysconfFamily(Napi::Object exports) {
  Export(exports, "sysconf", Sysconf);
  Export(exports, "sysconfNames", SysconfNames);
}

}  // namespace truefork
