// A listener that tells who and where its process is, and who it was when the program was loaded; for `truefork serve`.
const about = () => ({
  user: [process.getuid(), process.geteuid()],
  group: [process.getgid(), process.getegid()],
  groups: process.getgroups(),
  umask: process.umask(),
  cwd: process.cwd(),
  home: process.env.HOME,
  names: [process.env.USER, process.env.LOGNAME],
  runtime: process.env.XDG_RUNTIME_DIR,
});
const loaded = about();

export default function (request, response) {
  response.end(JSON.stringify({ loaded, now: about() }));
}
