import { readFileSync } from 'node:fs';
import { getgrnam, getpwnam, getpwuid } from 'truefork/posix';

/** The lines of a database, in their fields. */
function entries(path: string): string[][] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}

test('getpwnam and getpwuid find every user of /etc/passwd', () => {
  const users = entries('/etc/passwd');
  expect(users.length).toBeGreaterThan(0);
  for (const [name = '', , uid, gid, , dir, shell] of users) {
    const user = { name, uid: Number(uid), gid: Number(gid), dir, shell };
    expect(getpwnam(name)).toEqual(user);
    // Several may have the same number.
    expect(getpwuid(Number(uid))).toMatchObject({ uid: Number(uid) });
  }
});

test('getgrnam finds every group of /etc/group', () => {
  for (const [name = '', , gid] of entries('/etc/group')) expect(getgrnam(name)).toEqual({ name, gid: Number(gid) });
});

test('nobody is null', () => {
  for (const name of ['no-such-name', '', 'x'.repeat(5000)]) {
    expect(getpwnam(name)).toBeNull();
    expect(getgrnam(name)).toBeNull();
  }
  expect(getpwuid(2 ** 32 - 2)).toBeNull();
});
