// What a module says about its own options: the texts that __asan_default_options and its like return. They are read, not
// called, because options are baked in before anything runs: of a function that does more than return an address, nothing is
// known.

import { findHooks } from './interface.ts';
import { HOOKS } from './interface-table.ts';
import { Reader } from './wasm/bytes.ts';
import { Decoder } from './wasm/decoder.ts';
import { type Module, parseModule } from './wasm/module.ts';
import { OP } from './wasm/opcodes.ts';
import { readSections, SECTION } from './wasm/sections.ts';

export interface DefaultOptions {
  /** As in ASAN_OPTIONS and LSAN_OPTIONS. */
  readonly asan: string;
  readonly lsan: string;
  /** Lines of suppressions. */
  readonly suppressions: string;
  readonly leakCheck: boolean;
  /** Functions of which nothing is known. */
  readonly unread: readonly string[];
}

/** A module that says nothing, or is none. */
export const NO_DEFAULTS: DefaultOptions = { asan: '', lsan: '', suppressions: '', leakCheck: true, unread: [] };

const LONGEST = 65536;

export function defaultOptions(bytes: Uint8Array): DefaultOptions {
  let module: Module;
  try {
    // Most say nothing, and a module of 33 MB that comes from a cache is parsed by nobody else.
    const named = readSections(bytes).filter((s) => s.id === SECTION.EXPORT || s.name === 'name');
    const texts = named.map((s) => bytes.subarray(s.start, s.end));
    if (!HOOKS.some((hook) => !hook.called && texts.some((text) => occurs(text, hook.name)))) return NO_DEFAULTS;
    module = parseModule(bytes);
  } catch {
    return NO_DEFAULTS; // instrumenting it will say why
  }
  const texts: Record<string, string> = {};
  const unread: string[] = [];
  let leakCheck = true;
  for (const [{ name, called, type }, func] of module.memories.length > 0 ? findHooks(module) : []) {
    if (called) continue;
    const value = constantResult(module, func);
    if (value === undefined) unread.push(name);
    else if (type.endsWith('i32')) leakCheck = value === 0;
    else texts[name] = textAt(module, value);
  }
  return {
    asan: texts.__asan_default_options ?? '',
    lsan: texts.__lsan_default_options ?? '',
    suppressions: `${texts.__asan_default_suppressions ?? ''}\n${texts.__lsan_default_suppressions ?? ''}`.trim(),
    leakCheck,
    unread,
  };
}

/** Whether there is this text of ASCII in it: Horspool's search, which looks at one byte of a name's length. */
function occurs(bytes: Uint8Array, text: string): boolean {
  const codes = new TextEncoder().encode(text);
  const last = codes.length - 1;
  const shifts = new Uint8Array(256).fill(codes.length);
  for (let i = 0; i < last; i++) shifts[codes[i]!] = last - i;
  for (let at = last; at < bytes.length; at += shifts[bytes[at]!]!) {
    let matched = 0;
    while (matched <= last && bytes[at - matched] === codes[last - matched]) matched++;
    if (matched > last) return true;
  }
  return false;
}

/** What a function returns that only moves constants about, as -O0 code does; undefined for any other. */
function constantResult(module: Module, func: number): number | undefined {
  const body = module.bodies[func - module.importedFunctions]!;
  const d = new Decoder(module.bytes, body.start, body.end);
  d.skipLocals();
  const stack: (number | undefined)[] = [];
  const locals = new Map<number, number | undefined>();
  while (d.pos < d.end) {
    d.next();
    if (d.op === OP.I32_CONST) stack.push(d.value);
    else if (d.op === OP.I64_CONST) stack.push(Number(new Reader(d.bytes, d.immediateStart, d.pos).s64()));
    else if (d.op === OP.LOCAL_GET) stack.push(locals.get(d.index));
    else if (d.op === OP.LOCAL_SET) locals.set(d.index, stack.pop());
    else if (d.op === OP.LOCAL_TEE) locals.set(d.index, stack.at(-1));
    else if (d.op === OP.RETURN || d.op === OP.END) return stack.at(-1);
    else return undefined;
  }
  return undefined;
}

/** The text that ends in 0 at an address of the data. */
function textAt({ bytes, data }: Module, address: number): string {
  const segment = data.find(
    (s) => s.address !== undefined && address >= s.address && address - s.address < s.end - s.start,
  );
  if (!segment) return '';
  const from = segment.start + (address - segment.address!);
  const room = bytes.subarray(from, Math.min(segment.end, from + LONGEST));
  const end = room.indexOf(0);
  return new TextDecoder().decode(room.subarray(0, end < 0 ? room.length : end));
}
