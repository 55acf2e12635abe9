// Which script is compiling a module: the first frame on the stack that is neither Node's nor wasan's. Its text names
// minified exports, and its path is what --include and --exclude go by.

import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Scripts larger than this are bundles in which nothing could be told apart. */
const LARGEST_SCRIPT = 32 << 20;
/** `at f (file:///a/b.js:1:2)`, `at async /a/b.js:1:2` */
const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/)?(?:\/|[A-Za-z]:\\)[^()]*?):\d+:\d+\)?$/;
const DEPTH = 40;

/** The folder of this package's own code. */
const OWN_FOLDER = fileURLToPath(new URL('../..', import.meta.url));

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
    if (!isOwn(path)) return path;
  }
  return '';
}

/** In a checkout the folder also holds node_modules and tests, which are not wasan. */
function isOwn(path: string): boolean {
  return path.startsWith(OWN_FOLDER) && /^(cli|host|instrument|index\.)/.test(path.slice(OWN_FOLDER.length));
}

/** The text of a script, '' if it cannot be read. */
export function scriptText(path: string): string {
  try {
    return statSync(path).size <= LARGEST_SCRIPT ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

export function isWanted(script: string, include: readonly string[], exclude: readonly string[]): boolean {
  const matches = (globs: readonly string[]) => globs.some((glob) => expression(glob).test(script));
  return (include.length === 0 || matches(include)) && !matches(exclude);
}

/** `**` matches anything, `*` and `?` anything but a slash. */
function expression(glob: string): RegExp {
  const parts = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*\*\/?|\*|\?/g, (token) => {
    if (token.startsWith('**')) return '.*';
    return token === '*' ? '[^/]*' : '[^/]';
  });
  return new RegExp(`^${parts}$`);
}
