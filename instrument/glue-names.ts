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
  if (text.search(WANTED) < 0) return {};
  const exports = exportedFunctions(module);
  return exports.size === 0 ? {} : namesIn(text, (word) => exports.has(word));
}

/** Read without the rest of the module, which may be large and wrong: what is wrong is said when it is instrumented. */
function exportedFunctions(module: Uint8Array): Set<string> {
  const names = new Set<string>();
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
        const name = r.name();
        if (r.byte() === KIND.FUNC) names.add(name);
        r.u32();
      }
      break;
    }
  } catch {
    names.clear();
  }
  return names;
}

function namesIn(text: string, isExport: (word: string) => boolean): Record<string, string> {
  const candidates = new Map<string, Set<string>>();
  for (const match of text.matchAll(WANTED)) {
    const name = `${match[1] ?? ''}${match[2]!}`;
    const start = match.index + match[0].length;
    const end = text.slice(start, start + REACH).search(/[;,]/);
    const statement = text.slice(start, start + (end < 0 ? REACH : end));
    for (const member of statement.matchAll(MEMBER)) {
      const word = member[1] ?? member[2]!;
      if (word === `_${name}` || !isExport(word)) continue;
      candidates.set(name, (candidates.get(name) ?? new Set()).add(word));
      break;
    }
  }
  const names: Record<string, string> = {};
  for (const [name, words] of candidates) if (words.size === 1) names[[...words][0]!] = name;
  return names;
}
