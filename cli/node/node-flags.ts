// Which words before the program are flags of Node itself? Those its help and its engine's list name: `wasan node
// --expose-gc app.js` is `node --expose-gc app.js` checked.

import { spawnSync } from 'node:child_process';

/** A line of either list: "  -r, --require=..." or "  --stack-size (default size of ...)". */
const LISTED = /^ +(-\w\b)?(?:, )?(--[\w-]+)?/gm;

let names: ReadonlySet<string> | undefined;

/** Whether this Node knows the flag, its value aside; `--no-` before it and `_` for `-` are allowed, as there. */
export function isNodeFlag(name: string): boolean {
  names ??= new Set(['--help', '--v8-options'].flatMap(listedBy));
  const positive = name.replaceAll('_', '-').replace(/^--no-/, '--');
  return names.has(name) || names.has(positive);
}

function listedBy(list: string): string[] {
  const { stdout } = spawnSync(process.execPath, [list], { encoding: 'utf8' });
  return [...stdout.matchAll(LISTED)].flatMap(([, short, long]) => [short, long]).filter((name) => name !== undefined);
}
