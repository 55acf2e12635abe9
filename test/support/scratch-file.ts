// Files that node:wasi reads and writes, since it takes file descriptors only. Their names are gone as soon as they are open,
// so nothing is left behind by a test that dies.

import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let opened = 0;

export class ScratchFile {
  readonly descriptor: number;

  /** Read from its beginning: what is written here does not move where the program reads. */
  constructor(content = '') {
    const path = join(tmpdir(), `wasan-${process.pid}-${opened++}`);
    this.descriptor = openSync(path, 'wx+');
    unlinkSync(path);
    if (content !== '') writeSync(this.descriptor, content, 0);
  }

  text(): string {
    const bytes = Buffer.alloc(fstatSync(this.descriptor).size);
    readSync(this.descriptor, bytes, 0, bytes.length, 0);
    return bytes.toString('utf8');
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
