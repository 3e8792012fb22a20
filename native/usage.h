// struct rusage on its way to JavaScript: for getrusage(2) and wait4(2).
#pragma once

#include <sys/resource.h>

#include "seconds.h"

namespace truefork {

// In the order of the struct: of two times in seconds, and of fourteen counts.
constexpr size_t kUsageFields = 16;

inline void FillUsage(double* out, const rusage& usage) {
  const double fields[kUsageFields] = {
      ToSeconds(usage.ru_utime),
      ToSeconds(usage.ru_stime),
      static_cast<double>(usage.ru_maxrss),
      static_cast<double>(usage.ru_ixrss),
      static_cast<double>(usage.ru_idrss),
      static_cast<double>(usage.ru_isrss),
      static_cast<double>(usage.ru_minflt),
      static_cast<double>(usage.ru_majflt),
      static_cast<double>(usage.ru_nswap),
      static_cast<double>(usage.ru_inblock),
      static_cast<double>(usage.ru_oublock),
      static_cast<double>(usage.ru_msgsnd),
      static_cast<double>(usage.ru_msgrcv),
      static_cast<double>(usage.ru_nsignals),
      static_cast<double>(usage.ru_nvcsw),
      static_cast<double>(usage.ru_nivcsw),
  };
  for (size_t i = 0; i < kUsageFields; i++) out[i] = fields[i];
}

}  // namespace truefork
