// GCC's test suite, out of the archive in Debian's source package.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { debianSource } from '../../bench/debian.ts';

const ARCHIVE = 'gcc-12.2.0-dfsg.tar.xz';
const source = debianSource('gcc-12');

/** Why its programs cannot be compiled here, if they cannot. */
export const gccMissing =
  'reason' in source ? source.reason : existsSync('/usr/bin/clang-19') ? undefined : "Debian's clang-19 is missing";

/** A folder of the suite, unpacked. */
export function gccTests(part: string): string {
  const parent = (source as { folder: string }).folder;
  const suite = join('gcc-12.2.0/gcc/testsuite', part);
  if (!existsSync(join(parent, suite))) execFileSync('tar', ['xJf', join(parent, ARCHIVE), '-C', parent, suite]);
  return join(parent, suite);
}
