// AssemblyScript targets: functions with one parameter that is an array or a string. An object of that class is made in the
// module's own heap, as the glue that asc writes would do; which class it is, that glue says, or the user.

import { SanitizerError } from '../host/errors.ts';

/** Classes that an input can be given as. */
export const ENTRY_TYPES = ['Uint8Array', 'StaticArray<u8>', 'Array<u8>', 'ArrayBuffer', 'string'] as const;
export type EntryType = (typeof ENTRY_TYPES)[number];

/** What asc calls them. */
const NAMES: Readonly<Record<string, EntryType>> = {
  '~lib/typedarray/Uint8Array': 'Uint8Array',
  '~lib/staticarray/StaticArray<u8>': 'StaticArray<u8>',
  '~lib/array/Array<u8>': 'Array<u8>',
  '~lib/arraybuffer/ArrayBuffer': 'ArrayBuffer',
  '~lib/string/String': 'string',
};

/** The class of a function's only parameter, by the comments in asc's glue; undefined if that is not what it takes. */
export function entryTypeIn(glue: string, entry: string): EntryType | undefined {
  const signature = new RegExp(
    `^\\s*${escaped(entry)}\\(\\w+\\) \\{\\n\\s*// \\S*\\((\\S+?)(?: \\| null)?\\) => `,
    'm',
  );
  return NAMES[signature.exec(glue)?.[1] ?? ''];
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

interface Runtime {
  readonly __new: (size: number, classId: number) => number;
  readonly __pin: (object: number) => number;
  readonly __unpin: (object: number) => void;
  readonly __rtti_base: WebAssembly.Global;
  readonly _start?: () => void;
}

const BUFFER_CLASS = 1;
const STRING_CLASS = 2;
/** Of a class, in the module's table of them. */
const FLAG = { VIEW: 1, ARRAY: 2, STATIC: 4, BYTES: 1 << 6, SIGNED: 1 << 11 } as const;

/** Makes inputs into objects of one instance. */
export class Lowering {
  private readonly runtime: Runtime;
  private readonly memory: WebAssembly.Memory;
  private readonly type: EntryType;
  private readonly touch: (address: number, size: number) => void;
  private readonly classId: number;

  /** `touch` is told of what is written to the program's memory. */
  constructor(
    exports: WebAssembly.Exports,
    memory: WebAssembly.Memory,
    type: EntryType,
    touch: (address: number, size: number) => void,
  ) {
    const missing = ['__new', '__pin', '__unpin', '__rtti_base'].find((name) => exports[name] === undefined);
    if (missing)
      throw new SanitizerError(
        'E_NO_ENTRY',
        `it does not export ${missing}: asc needs --exportRuntime to make a ${type}`,
      );
    this.runtime = exports as unknown as Runtime;
    this.memory = memory;
    this.type = type;
    this.touch = touch;
    this.runtime._start?.(); // sets up its heap, if it was built with --exportStart
    this.classId = this.findClass();
  }

  private findClass(): number {
    if (this.type === 'ArrayBuffer') return BUFFER_CLASS;
    if (this.type === 'string') return STRING_CLASS;
    const kind = { Uint8Array: FLAG.VIEW, 'StaticArray<u8>': FLAG.STATIC, 'Array<u8>': FLAG.ARRAY }[this.type];
    const wanted = kind | FLAG.BYTES;
    const view = new DataView(this.memory.buffer, Number(this.runtime.__rtti_base.value));
    for (let id = 0; id < view.getUint32(0, true); id++) {
      const flags = view.getUint32(4 + 4 * id, true);
      if ((flags & (FLAG.VIEW | FLAG.ARRAY | FLAG.STATIC | FLAG.BYTES | FLAG.SIGNED)) === wanted) return id;
    }
    throw new SanitizerError('E_NO_ENTRY', `it knows no ${this.type}`);
  }

  /** The address of an object that holds the input. */
  lower(input: Uint8Array): number {
    if (this.type === 'string') return this.text(new TextDecoder().decode(input));
    if (this.type === 'ArrayBuffer' || this.type === 'StaticArray<u8>') return this.filled(input, this.classId);
    const { __new, __pin, __unpin } = this.runtime;
    const buffer = __pin(this.filled(input, BUFFER_CLASS)) >>> 0;
    const fields = [buffer, buffer, input.length, ...(this.type === 'Array<u8>' ? [input.length] : [])];
    const object = __new(4 * fields.length, this.classId) >>> 0;
    this.write(object, new Uint8Array(Uint32Array.from(fields).buffer));
    __unpin(buffer);
    return object;
  }

  private filled(bytes: Uint8Array, classId: number): number {
    const object = this.runtime.__new(bytes.length, classId) >>> 0;
    this.write(object, bytes);
    return object;
  }

  private text(text: string): number {
    const units = Uint16Array.from(text, (_, i) => text.charCodeAt(i));
    return this.filled(new Uint8Array(units.buffer), STRING_CLASS);
  }

  private write(at: number, bytes: Uint8Array): void {
    new Uint8Array(this.memory.buffer).set(bytes, at);
    this.touch(at, bytes.length);
  }
}

/** The program gave up: `abort` of AssemblyScript, with a message and a place. */
export class ProgramAbort extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProgramAbort';
  }
}

/** What AssemblyScript's standard library imports of `env`; random numbers are the same in every run. */
export function assemblyScriptImports(memory: () => WebAssembly.Memory | undefined): WebAssembly.ModuleImports {
  return {
    abort: (message = 0, file = 0, line = 0, column = 0) => {
      const text = (at: number) => readText(memory(), at >>> 0);
      throw new ProgramAbort(`${text(message) || 'abort'} in ${text(file)}:${line}:${column}`);
    },
    seed: () => 42,
    trace: () => {},
  };
}

/** The string at an address, whose size in bytes stands in front of it. */
function readText(memory: WebAssembly.Memory | undefined, at: number): string {
  if (!memory || at < 4 || at > memory.buffer.byteLength) return '';
  const size = new DataView(memory.buffer).getUint32(at - 4, true);
  return new TextDecoder('utf-16le').decode(new Uint8Array(memory.buffer).slice(at, at + Math.min(size, 4096)));
}
