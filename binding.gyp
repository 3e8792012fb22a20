# The addon, for a checkout: it is built into build/Release.
{'includes': ['native/binding.gyp']}
