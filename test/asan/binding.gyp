# The addon of ../../binding.gyp, under AddressSanitizer and UndefinedBehaviorSanitizer.
{
  'includes': ['../../binding.gyp'],
  'targets': [{'target_name': 'mistake', 'sources': ['mistake.cc']}],
  'target_defaults': {
    'cflags': [
      '-fsanitize=address,undefined',
      # A finding ends the process: otherwise a test could pass with one.
      '-fno-sanitize-recover=all',
      # It needs run-time type information, which Node.js is built without.
      '-fno-sanitize=vptr',
      '-fno-omit-frame-pointer', '-g', '-O1',
    ],
    'cflags!': ['-O3'],
    'ldflags': ['-fsanitize=address,undefined'],
  },
}
