// Loaded before a command (--import): the disk is full from the n-th written file on (DISK_FULL_AFTER). It stands for a real
// full disk, which a test cannot make on every machine.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const real = fs.writeFileSync;
let left = Number(process.env.DISK_FULL_AFTER);

fs.writeFileSync = (path, contents, options) => {
  if (left-- > 0) return real(path, contents, options);
  // What a full disk does: the file is there, and shorter than it should be.
  real(path, contents.slice(0, contents.length >> 1));
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
};
syncBuiltinESMExports();
