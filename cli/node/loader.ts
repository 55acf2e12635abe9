// Which script is compiling a module: the first frame on the stack that is neither Node's nor wasan's. Its text names
// minified exports, and its path is what --include and --exclude go by.

import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Picomatch from 'picomatch';
import { isOwnCode, ownFile } from '../../own-files.ts';

/** Scripts larger than this are bundles in which nothing could be told apart. */
const LARGEST_SCRIPT = 32 << 20;
/** `at f (file:///a/b.js:1:2)`, `at async /a/b.js:1:2` */
const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/)?(?:\/|[A-Za-z]:\\)[^()]*?):\d+:\d+\)?$/;
const DEPTH = 40;

/** Its path, or '' where there is none: code of eval, data URLs, the REPL. */
export function loadingScript(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = limit;
  for (const line of lines) {
    const place = FRAME.exec(line)?.[1];
    if (place === undefined) continue;
    const path = place.startsWith('file:') ? fileURLToPath(place) : place;
    if (!isOwnCode(path)) return path;
  }
  return '';
}

/** The text of a script, '' if it cannot be read. */
export function scriptText(path: string): string {
  try {
    return statSync(path).size <= LARGEST_SCRIPT ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

/** Whether modules of these paths (the script's and, where it is known, the module's own) are to be instrumented. */
export class Selection {
  private readonly include: Matcher;
  private readonly exclude: Matcher;
  private readonly isOpen: boolean;
  /** Anything but "all": to find a module's file is worth its time then. */
  readonly isNarrow: boolean;

  constructor(include: readonly string[], exclude: readonly string[], folder: string) {
    this.include = matcher(include, folder);
    this.exclude = matcher(exclude, folder);
    this.isOpen = include.length === 0;
    this.isNarrow = !this.isOpen || exclude.length > 0;
  }

  has(paths: readonly string[]): boolean {
    return (this.isOpen || paths.some(this.include)) && !paths.some(this.exclude);
  }
}

type Matcher = (path: string) => boolean;

/** Globs as shells have them. One without a slash matches the last part of a path, any other is relative to `folder`. */
function matcher(globs: readonly string[], folder: string): Matcher {
  if (globs.length === 0) return () => false;
  const picomatch = createRequire(ownFile('package.json'))('picomatch') as typeof Picomatch; // not at every start
  const whole = globs.filter((g) => g.includes('/')).map((g) => (/^(\*\*|\/)/.test(g) ? g : posix.join(folder, g)));
  const named = globs.filter((g) => !g.includes('/'));
  const [isWhole, isNamed] = [picomatch(whole, { dot: true }), picomatch(named, { dot: true })];
  return (path) => isWhole(path) || isNamed(posix.basename(path));
}
