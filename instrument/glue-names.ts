// What a module's JavaScript calls the module's exports. Emscripten minifies export names ("Ia") but leaves the real ones
// in the glue: `_malloc=c.Ia`, `Module["_malloc"]=function(){return (Module["_malloc"]=Module["asm"]["u"]).apply(...)}`,
// `_malloc=wasmExports["D"]`.

import { Reader } from './wasm/bytes.ts';
import { KIND, SECTION } from './wasm/module.ts';

/** Names worth knowing: the allocator's. */
const WANTED =
  /\b_(emscripten_builtin_)?(malloc|free|calloc|realloc|memalign|posix_memalign|aligned_alloc)\s*=(?!=)\s*/g;
/** How far an assignment may reach. */
const REACH = 240;
const MEMBER = /\[\s*["'](\w+)["']\s*\]|\.(\w+)/g;

/** Export -> name, as the text has it. A name that it gives to several exports stays out. */
export function glueNames(module: Uint8Array, text: string): Record<string, string> {
  const assignments = [...assignmentsIn(text)];
  if (assignments.length === 0) return {};
  const exports = exportedFunctions(module, new Set(assignments.flatMap(({ words }) => words)));
  const candidates = new Map<string, Set<string>>();
  for (const { name, words } of assignments) {
    const word = words.find((w) => exports.has(w));
    if (word !== undefined) candidates.set(name, (candidates.get(name) ?? new Set()).add(word));
  }
  return Object.fromEntries(
    [...candidates].flatMap(([name, words]) => (words.size === 1 ? [[[...words][0]!, name]] : [])),
  );
}

interface Assignment {
  readonly name: string;
  /** Members that stand in it, any of which may be the export. */
  readonly words: readonly string[];
}

function* assignmentsIn(text: string): Generator<Assignment> {
  for (const match of text.matchAll(WANTED)) {
    const name = `${match[1] ?? ''}${match[2]!}`;
    const start = match.index + match[0].length;
    const end = text.slice(start, start + REACH).search(/[;,]/);
    const statement = text.slice(start, start + (end < 0 ? REACH : end));
    const words = [...statement.matchAll(MEMBER)].map((member) => member[1] ?? member[2]!);
    yield { name, words: words.filter((word) => word !== `_${name}`) };
  }
}

/**
 * Those of the words that are exports, read without the rest of the module, which may be large and wrong: what is wrong is said
 * when it is instrumented. Of a hundred thousand names only those are decoded that are as long as a word.
 */
function exportedFunctions(module: Uint8Array, words: ReadonlySet<string>): Set<string> {
  const lengths = new Set([...words].map((word) => word.length));
  const found = new Set<string>();
  try {
    const r = new Reader(module, 8);
    while (!r.done) {
      const id = r.byte();
      const size = r.u32();
      if (id !== SECTION.EXPORT) {
        r.skip(size);
        continue;
      }
      for (let count = r.u32(); count > 0; count--) {
        const start = r.pos;
        const length = r.u32();
        r.skip(length);
        const isFunction = r.byte() === KIND.FUNC;
        r.u32();
        if (!isFunction || !lengths.has(length)) continue;
        const name = new Reader(module, start).name();
        if (words.has(name)) found.add(name);
      }
      break;
    }
  } catch {
    found.clear();
  }
  return found;
}
