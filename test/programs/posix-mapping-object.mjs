// Mapping, between processes, at the end of its file, beyond 4 GiB, and where JavaScript lets go of it. With --expose-gc.
import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { decodeWaitStatus, kill, MAP_NORESERVE, MAP_PRIVATE, Mapping, munmap, PAGESIZE, waitpid } from 'truefork';
import { child, gate, maps, runCase, temporaryFolder } from './posix-cases.mjs';

const path = join(temporaryFolder(), 'mapped');
const GIB = 2 ** 30;

function ofFile(size, options) {
  const fd = openSync(path, 'w+');
  ftruncateSync(fd, size);
  const mapping = new Mapping(fd, 0, options);
  closeSync(fd);
  return mapping;
}

const ends = (pid) => decodeWaitStatus(waitpid(pid, 0).status);
const descriptors = () => readdirSync('/proc/self/fd').length;

await runCase({
  'shared-with-children'() {
    for (const mapping of [Mapping.anonymous(100), ofFile(100)]) {
      mapping.write('parent');
      const pid = child(() => {
        assert.equal(String(mapping.slice(0, 6)), 'parent');
        mapping.write(' and child');
      });
      assert.deepEqual(ends(pid), { state: 'exited', code: 0 });
      assert.equal(String(mapping.slice(0, 16)), 'parent and child');
      assert.equal(mapping.tell(), 6);
      mapping.close();
    }
    assert.equal(readFileSync(path, 'latin1').slice(0, 16), 'parent and child');
  },

  'closed-by-one'() {
    const mapping = ofFile(10);
    const pid = child(() => {
      mapping.close();
      mapping.close();
    });
    assert.deepEqual(ends(pid), { state: 'exited', code: 0 });
    mapping.write('x');
    assert.equal(mapping.size(), 10);
    mapping.close();
    assert.deepEqual(maps(path), []);
  },

  async forgotten() {
    const before = descriptors();
    for (let n = 0; n < 20; n++) ofFile(10).write('x');
    assert.equal(descriptors(), before + 20);
    for (let rounds = 0; descriptors() > before || maps(path).length > 0; rounds++) {
      assert.ok(rounds < 1000);
      globalThis.gc();
      await immediate();
    }
  },

  truncated() {
    const mapping = ofFile(3 * PAGESIZE);
    ftruncateSync(openSync(path, 'r+'), PAGESIZE);
    assert.equal(mapping.bytes[0], 0);
    assert.equal(mapping.size(), PAGESIZE);
    for (const touch of [() => mapping.slice(PAGESIZE), () => mapping.find('x'), () => mapping.setSlice('x', -1)]) {
      const { state, signal } = ends(child(touch));
      assert.deepEqual([state, signal], ['signaled', 'SIGBUS']);
    }
  },

  'tail-of-the-page'() {
    writeFileSync(path, 'abc');
    // As long as the file allows; the page is longer.
    const mapping = new Mapping(openSync(path, 'r+'), 0);
    mapping.setSlice('X', 2);
    mapping.resize(10);
    assert.equal(String(mapping.slice()), `abX${'\0'.repeat(7)}`);
    mapping.setSlice('Y'.repeat(10));
    mapping.resize(4);
    mapping.resize(10);
    assert.equal(String(mapping.slice()), `YYYY${'\0'.repeat(6)}`);
    assert.equal(readFileSync(path, 'latin1'), `YYYY${'\0'.repeat(6)}`);
  },

  'far-behind'() {
    // Of each Node.js as far as it goes: 4 GiB in Node.js 20.
    const far = Math.min(6 * GIB, constants.MAX_LENGTH - 2 * PAGESIZE);
    const mapping = ofFile(far);
    assert.equal(mapping.length, far);
    for (const place of [2 * GIB - 3, 2 * GIB + 5 * PAGESIZE, 3 * GIB, 4 * GIB - 3, 4 * GIB + 5 * PAGESIZE, far - 10]) {
      if (place > far - 10) continue;
      const words = `at ${(place / GIB).toFixed(2)}\n`;
      assert.equal(mapping.seek(place), place);
      mapping.write(words);
      assert.equal(mapping.tell(), place + words.length);
      mapping.seek(-words.length, 1);
      assert.equal(String(mapping.readline()), words);
      assert.equal(String(mapping.slice(place, place + 2)), 'at');
      assert.equal(mapping.find('at', place - 100, place + 100), place);
      assert.equal(mapping.rfind('at', place - 100, place + 100), place);
      mapping.move(place - 4, place, 2);
      assert.equal(String(mapping.slice(place - 4, place - 2)), 'at');
      mapping.move(0, place, 2);
      assert.equal(String(mapping.slice(0, 2)), 'at');
      mapping.setSlice('\0\0', 0, 2);
      mapping.setSlice('\0\0', place - 4, place - 2);
      const start = Math.floor(place / PAGESIZE) * PAGESIZE;
      mapping.flush(start, PAGESIZE);
      const window = new Mapping(openSync(path, 'r'), 2 * PAGESIZE, { access: 'read', offset: start - PAGESIZE });
      assert.equal(window.find('at '), place - start + PAGESIZE);
      window.close();
    }
    mapping.resize(far - GIB);
    assert.deepEqual([mapping.length, statSync(path).size], [far - GIB, far - GIB]);
    mapping.resize(far + PAGESIZE);
    mapping.seek(-1, 2);
    mapping.writeByte(7);
    assert.deepEqual([mapping.size(), mapping.bytes[far + PAGESIZE - 1]], [far + PAGESIZE, 7]);
    mapping.close();
  },

  'long-search'() {
    // Private memory of zeros that is only read takes no room.
    const length = 3.5 * GIB;
    const mapping = new Mapping(-1, length, { flags: MAP_PRIVATE | MAP_NORESERVE });
    const places = [0.2 * GIB, 2 * GIB - 3, 3.2 * GIB].map(Math.floor);
    for (const place of places) mapping.setSlice('needle', place, place + 6);
    assert.equal(mapping.find('needle', places[0] + 1, places[2]), places[1]);
    assert.equal(mapping.find('needle', places[1] + 1), places[2]);
    assert.equal(mapping.find('needles'), -1);
    assert.equal(mapping.rfind('needle', 0, places[2] + 5), places[1]);
    assert.equal(mapping.rfind('needle', 0, places[1] + 5), places[0]);
    mapping.close();
  },

  'killed-writer'() {
    const mapping = ofFile(PAGESIZE);
    const written = gate();
    const forever = gate();
    const pid = child(() => {
      mapping.write('written');
      written.open();
      forever.wait();
    });
    written.wait();
    kill(pid, 'SIGKILL');
    assert.equal(ends(pid).signal, 'SIGKILL');
    assert.equal(String(mapping.slice(0, 7)), 'written');
    mapping.flush();
    assert.equal(readFileSync(path, 'latin1').slice(0, 7), 'written');
  },

  async transferred() {
    const before = descriptors();
    const mapping = ofFile(10);
    const moved = mapping.buffer.transfer();
    const lost = { name: 'MappingError', code: 'ERR_MAPPING_CLOSED', message: /transferred/ };
    for (const call of [() => mapping.length, () => mapping.read(), () => mapping.resize(5), () => mapping.buffer]) {
      assert.throws(call, lost);
    }
    mapping.close();
    assert.equal(mapping.closed, true);
    assert.equal(descriptors(), before);
    new Uint8Array(moved)[0] = 7;
    assert.equal(readFileSync(path)[0], 7);
    munmap(moved);
    assert.deepEqual(maps(path), []);
  },
});
