// Mappings that a test makes, and the file that it maps: unmapped, closed and removed after it, also if it fails.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mmap, munmap, O_RDWR } from 'truefork/posix';
import { folder, openFile } from './descriptors';

const mapped: ArrayBuffer[] = [];
let path: string;

beforeEach(() => {
  path = join(folder(), 'file');
});
afterEach(() => {
  for (const buffer of mapped.splice(0)) if (buffer.byteLength > 0) munmap(buffer);
});

/** This mapping, unmapped after the test. */
export function kept(buffer: ArrayBuffer): ArrayBuffer {
  mapped.push(buffer);
  return buffer;
}

/** `mmap`, unmapped after the test. */
export function maps(length: number, protection: number, flags: number, fd: number, offset = 0): ArrayBuffer {
  return kept(mmap(null, length, protection, flags, fd, offset));
}

/** The path of the file. */
export const filePath = () => path;

/** The file, of so many bytes that are dots, opened. */
export function file(size: number, flags: number = O_RDWR): number {
  writeFileSync(path, new Uint8Array(size).fill(0x2e));
  return openFile(path, flags);
}
