# Mistakes on purpose, under the name of the addon: what proves that valgrind, and the look at its report, find one.
{
  'targets': [{'target_name': 'truefork', 'sources': ['mistake.cc']}],
}
