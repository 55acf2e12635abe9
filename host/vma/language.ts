// The operation language of .vma scripts: one call of the kernel, or one memory access, per line. Text in, operations
// out, or an error that names line and column in one sentence. Positions and lengths are pages of the window; a trailing
// `@` makes them bytes.
import {
  MADV_COLD,
  MADV_COLLAPSE,
  MADV_DODUMP,
  MADV_DOFORK,
  MADV_DONTDUMP,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_DONTNEED_LOCKED,
  MADV_FREE,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MADV_HUGEPAGE,
  MADV_KEEPONFORK,
  MADV_MERGEABLE,
  MADV_NOHUGEPAGE,
  MADV_NORMAL,
  MADV_PAGEOUT,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_RANDOM,
  MADV_REMOVE,
  MADV_SEQUENTIAL,
  MADV_UNMERGEABLE,
  MADV_WILLNEED,
  MADV_WIPEONFORK,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_LOCKED,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  MREMAP_MUST_RELOCATE_ANON,
  MREMAP_RELOCATE_ANON,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../../runtime/vma-layout.ts';
import { PAGE_SIZE } from './space.ts';

/** Bytes relative to the window's start (addresses) or bytes (lengths). */
export type Op =
  | { op: 'mmap'; addr: bigint; length: bigint; prot: number; flags: number }
  | { op: 'mprotect'; addr: bigint; length: bigint; prot: number }
  | { op: 'madvise'; addr: bigint; length: bigint; advice: number }
  | {
      op: 'mremap';
      addr: bigint;
      oldLength: bigint;
      newLength: bigint;
      flags: number;
      wish: number;
      target: bigint | null;
    }
  | { op: 'munmap' | 'mlock' | 'munlock' | 'mseal'; addr: bigint; length: bigint }
  | { op: 'name'; addr: bigint; length: bigint; name: string }
  | { op: 'put'; addr: bigint; value: bigint }
  | { op: 'get' | 'rd'; addr: bigint }
  | { op: 'brk'; addr: bigint }
  | { op: 'fill'; count: number }
  | { op: 'fork' | 'forkp' | 'flags' | 'count' | 'reset' };

export interface Line {
  text: string;
  line: number;
  op: Op;
}

/** A script error: where, and one sentence. */
export class VmaScriptError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(line: number, column: number, sentence: string) {
    super(`line ${line}, column ${column}: ${sentence}`);
    this.name = 'VmaScriptError';
    this.line = line;
    this.column = column;
  }
}

const MAP_LETTERS: Readonly<Record<string, number>> = {
  n: MAP_NORESERVE,
  r: MAP_FIXED_NOREPLACE,
  s: MAP_SHARED,
  l: MAP_LOCKED,
  p: MAP_POPULATE,
  h: 0,
};
const MREMAP_LETTERS: Readonly<Record<string, number>> = {
  m: MREMAP_MAYMOVE,
  f: MREMAP_FIXED,
  d: MREMAP_DONTUNMAP,
};
/** Asked for where the policy has them; stock Linux is called without. As numbers, 8 and 16, they are always passed. */
const RELOCATE_LETTERS: Readonly<Record<string, number>> = {
  R: MREMAP_RELOCATE_ANON,
  M: MREMAP_MUST_RELOCATE_ANON,
};
const PROT_LETTERS: Readonly<Record<string, number>> = { r: PROT_READ, w: PROT_WRITE, x: PROT_EXEC, '-': 0 };

/** Advice by name, as madvise(2) spells it without MADV_. */
export const ADVICE: Readonly<Record<string, number>> = {
  NORMAL: MADV_NORMAL,
  RANDOM: MADV_RANDOM,
  SEQUENTIAL: MADV_SEQUENTIAL,
  WILLNEED: MADV_WILLNEED,
  DONTNEED: MADV_DONTNEED,
  FREE: MADV_FREE,
  REMOVE: MADV_REMOVE,
  DONTFORK: MADV_DONTFORK,
  DOFORK: MADV_DOFORK,
  MERGEABLE: MADV_MERGEABLE,
  UNMERGEABLE: MADV_UNMERGEABLE,
  HUGEPAGE: MADV_HUGEPAGE,
  NOHUGEPAGE: MADV_NOHUGEPAGE,
  DONTDUMP: MADV_DONTDUMP,
  DODUMP: MADV_DODUMP,
  WIPEONFORK: MADV_WIPEONFORK,
  KEEPONFORK: MADV_KEEPONFORK,
  COLD: MADV_COLD,
  PAGEOUT: MADV_PAGEOUT,
  POPULATE_READ: MADV_POPULATE_READ,
  POPULATE_WRITE: MADV_POPULATE_WRITE,
  DONTNEED_LOCKED: MADV_DONTNEED_LOCKED,
  COLLAPSE: MADV_COLLAPSE,
  GUARD_INSTALL: MADV_GUARD_INSTALL,
  GUARD_REMOVE: MADV_GUARD_REMOVE,
};

/** Reads the words of one line, left to right. */
class Words {
  readonly #words: { text: string; column: number }[];
  readonly #line: number;
  readonly #end: number;
  #next = 0;

  constructor(text: string, line: number) {
    const code = text.replace(/#.*/, '');
    this.#words = [...code.matchAll(/\S+/g)].map((match) => ({ text: match[0], column: match.index + 1 }));
    this.#line = line;
    this.#end = code.trimEnd().length + 1;
  }

  get isEmpty(): boolean {
    return this.#next >= this.#words.length;
  }

  fail(sentence: string, column?: number): never {
    throw new VmaScriptError(this.#line, column ?? this.#words[this.#next - 1]?.column ?? this.#end, sentence);
  }

  take(what: string): string {
    const word = this.#words[this.#next++];
    return word ? word.text : this.fail(`${what} is missing.`, this.#end);
  }

  optional(): string | null {
    return this.isEmpty ? null : this.take('');
  }

  number(what: string, scale = 1n): bigint {
    const text = this.take(what);
    const match = /^(-?(?:0x[0-9a-fA-F]+|\d+))(@?)$/.exec(text);
    if (!match || (match[2] && scale === 1n)) return this.fail(`${what} must be a number, not "${text}".`);
    const digits = match[1] as string;
    const value = digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits);
    return match[2] ? value : value * scale;
  }

  pages(what: string): bigint {
    return this.number(what, BigInt(PAGE_SIZE));
  }

  letters(what: string, text: string, known: Readonly<Record<string, number>>): number {
    let bits = 0;
    for (const letter of text) {
      if (known[letter] === undefined) this.fail(`${what} knows ${Object.keys(known).join(', ')} but not "${letter}".`);
      bits |= known[letter];
    }
    return bits;
  }

  prot(): number {
    return this.letters('a protection', this.take('the protection'), PROT_LETTERS);
  }

  end(): void {
    if (!this.isEmpty) this.fail(`"${this.take('')}" is one word too many.`);
  }
}

function mapFlags(words: Words): number {
  const text = words.optional() ?? '';
  const bits = words.letters('mmap', text, MAP_LETTERS);
  const kind = bits & MAP_SHARED ? bits : bits | MAP_PRIVATE;
  const isLoose = text.includes('h') || text.includes('r');
  return kind | MAP_ANONYMOUS | (isLoose ? 0 : MAP_FIXED);
}

function remapFlags(words: Words): { flags: number; wish: number } {
  const text = words.take('the flags');
  const number = /^\d+/.exec(text)?.[0] ?? '';
  const letters = text.slice(number.length);
  words.letters('mremap', letters, { ...MREMAP_LETTERS, ...RELOCATE_LETTERS });
  const wish = words.letters('mremap', letters.replace(/[mfd]/g, ''), RELOCATE_LETTERS);
  return { flags: Number(number) | words.letters('mremap', letters.replace(/[RM]/g, ''), MREMAP_LETTERS), wish };
}

function advice(words: Words): number {
  const text = words.take('the advice');
  if (/^-?\d+$/.test(text)) return Number(text);
  return ADVICE[text.toUpperCase()] ?? words.fail(`there is no advice "${text}".`);
}

const READERS: Readonly<Record<string, (words: Words) => Op>> = {
  mmap: (w) => ({ op: 'mmap', ...range(w), prot: w.prot(), flags: mapFlags(w) }),
  munmap: (w) => ({ op: 'munmap', ...range(w) }),
  mprotect: (w) => ({ op: 'mprotect', ...range(w), prot: w.prot() }),
  madvise: (w) => ({ op: 'madvise', ...range(w), advice: advice(w) }),
  mremap: (w) => ({
    op: 'mremap',
    addr: w.pages('the address'),
    oldLength: w.pages('the old length'),
    newLength: w.pages('the new length'),
    ...remapFlags(w),
    target: w.isEmpty ? null : w.pages('the target'),
  }),
  mlock: (w) => ({ op: 'mlock', ...range(w) }),
  munlock: (w) => ({ op: 'munlock', ...range(w) }),
  mseal: (w) => ({ op: 'mseal', ...range(w) }),
  name: (w) => ({ op: 'name', ...range(w), name: w.take('the name') }),
  put: (w) => ({ op: 'put', addr: w.pages('the address'), value: w.number('the value') }),
  get: (w) => ({ op: 'get', addr: w.pages('the address') }),
  rd: (w) => ({ op: 'rd', addr: w.pages('the address') }),
  brk: (w) => ({ op: 'brk', addr: w.pages('the address') }),
  fill: (w) => ({ op: 'fill', count: Number(w.number('the count')) }),
  fork: () => ({ op: 'fork' }),
  forkp: () => ({ op: 'forkp' }),
  flags: () => ({ op: 'flags' }),
  count: () => ({ op: 'count' }),
  reset: () => ({ op: 'reset' }),
};

/** The operations the language knows, in the order of the documentation. */
export const OPERATIONS: readonly string[] = Object.keys(READERS);

function range(words: Words): { addr: bigint; length: bigint } {
  return { addr: words.pages('the address'), length: words.pages('the length') };
}

/** One line; null for an empty one or a comment. */
export function parseLine(text: string, line = 1): Line | null {
  const words = new Words(text, line);
  if (words.isEmpty) return null;
  const name = words.take('');
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (!read) return words.fail(`there is no operation "${name}".`);
  const op = read(words);
  words.end();
  return { text: text.replace(/#.*/, '').trim(), line, op };
}

export function parseScript(text: string): Line[] {
  return text.split(/\r?\n/).flatMap((line, index) => parseLine(line, index + 1) ?? []);
}
