// Who a process may become. The argument names the case.
import assert from 'node:assert/strict';
import { getpwnam, getpwuid, PR_GET_DUMPABLE, prctl } from 'truefork';
import { become, identityOf } from 'truefork/daemon';

const isRoot = process.getuid() === 0;
const nobody = getpwnam('nobody');

const cases = {
  unknown() {
    assert.throws(() => identityOf('no-such-user', undefined), { code: 'ERR_UNKNOWN_USER' });
    assert.throws(() => identityOf(undefined, 'no-such-group'), { code: 'ERR_UNKNOWN_GROUP' });
    assert.throws(() => identityOf(String(2 ** 32 - 1), undefined), { code: 'ERR_UNKNOWN_USER' });
    assert.throws(() => identityOf(String(2 ** 32 - 2), undefined), { code: 'ERR_UNKNOWN_GROUP' });
    for (const none of [undefined, 'nobody', { uid: '0', gid: 0 }]) {
      assert.throws(() => become(none), { code: 'ERR_INVALID_ARG_TYPE', message: /^The "identity/ });
    }
    assert.throws(() => become({ uid: 2 ** 32 - 1, gid: 0 }), { code: 'ERR_OUT_OF_RANGE' });
  },

  oneself() {
    const own = getpwuid(process.getuid());
    const { env } = process;
    const before = { ...env };
    become(identityOf(String(process.getuid()), String(process.getgid())));
    assert.deepEqual({ ...env }, before);
    if (own && own.gid === process.getgid()) become(identityOf(own.name, undefined));
  },

  'another-user'() {
    if (!isRoot) {
      assert.throws(() => identityOf('root', undefined), {
        name: 'IdentityError',
        code: 'ERR_IDENTITY_NOT_PERMITTED',
        message: `only root can become user 0 of group 0, this is user ${process.geteuid()}`,
      });
      return;
    }
    process.env.XDG_RUNTIME_DIR = '/run/user/0';
    become(identityOf('nobody', undefined));
    const { uid, gid, dir } = nobody;
    const ids = [process.getuid(), process.geteuid(), process.getgid(), process.getegid()];
    assert.deepEqual(ids, [uid, uid, gid, gid]);
    assert.deepEqual(process.getgroups(), [gid]);
    const { HOME, USER, LOGNAME, XDG_RUNTIME_DIR } = process.env;
    assert.deepEqual([HOME, USER, LOGNAME, XDG_RUNTIME_DIR], [dir, 'nobody', 'nobody', undefined]);
    assert.throws(() => process.setuid(0), { code: 'EPERM' });
    assert.throws(() => process.setgid(0), { code: 'EPERM' });
    assert.equal(prctl(PR_GET_DUMPABLE, 0), 1);
    assert.throws(() => identityOf('root', undefined), { code: 'ERR_IDENTITY_NOT_PERMITTED' });
  },

  numbers() {
    if (!isRoot) {
      assert.throws(() => identityOf('12345', '23456'), { code: 'ERR_IDENTITY_NOT_PERMITTED' });
      return;
    }
    const { HOME } = process.env;
    become(identityOf('12345', '23456'));
    assert.deepEqual([process.getuid(), process.getgid(), process.getgroups()], [12345, 23456, [23456]]);
    assert.equal(process.env.HOME, HOME);
  },

  'group-alone'() {
    if (!isRoot) {
      assert.throws(() => identityOf(undefined, '23456'), { code: 'ERR_IDENTITY_NOT_PERMITTED' });
      return;
    }
    become(identityOf(undefined, '23456'));
    assert.deepEqual([process.getuid(), process.getgid(), process.getgroups()], [0, 23456, [23456]]);
  },
};

await cases[process.argv[2]]();
console.log('passed');
