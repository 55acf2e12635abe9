// Functions of the engine and its host that take a view: they look inside the object and would refuse a Proxy. Here they get
// the view itself, and the bytes they touch are judged: before the call where its arguments tell which, else after it.

type Unwrap = (value: unknown) => ArrayBufferView | undefined;
type Judge = (view: ArrayBufferView, write: boolean, what: string) => void;

/** Bytes of a view. */
interface Bytes {
  readonly from: number;
  readonly size: number;
}

interface Native {
  readonly owner: unknown;
  readonly method: string;
  /** Whether it writes into the views it is given. */
  readonly write: boolean;
  /** Which bytes of a view it touches, if not all. */
  readonly before?: (view: ArrayBufferView, args: readonly unknown[]) => Bytes;
  /** The same where only the answer tells. */
  readonly after?: (args: readonly unknown[], answer: unknown) => Bytes;
}

const native = (owner: unknown, method: string, write: boolean, more: Partial<Native> = {}): Native => ({
  ...{ owner, method, write },
  ...more,
});

/** (descriptor, view, offset, ...) or (descriptor, view, { offset }), answering how many bytes it was. */
const asFilesDo: Partial<Native> = {
  after: ([, , place], answer) => ({ from: offsetIn(place), size: Number(answer) }),
};

function offsetIn(place: unknown): number {
  return Number((typeof place === 'object' ? (place as { offset?: number } | null)?.offset : place) ?? 0);
}

/** (view, index, ...) of Atomics. */
const oneElement: Partial<Native> = {
  before: (view, [, index]) => {
    const size = (view as Uint8Array).BYTES_PER_ELEMENT;
    return { from: Number(index) * size, size };
  },
};

/** (view, offset, size) in elements of the view. */
function elements(view: ArrayBufferView, from: unknown = 0, size?: unknown): Bytes {
  const unit = (view as Uint8Array).BYTES_PER_ELEMENT ?? 1;
  const start = Number(from) * unit;
  return { from: start, size: size === undefined ? view.byteLength - start : Number(size) * unit };
}

function natives(): readonly Native[] {
  const scope = globalThis as unknown as Record<string, { prototype?: unknown } | undefined>;
  const typedArray = Object.getPrototypeOf(Int8Array.prototype) as unknown;
  const files = builtin('fs');
  const crypto = builtin('crypto') as { Hash?: { prototype: unknown } } | undefined;
  return [
    native(scope.TextDecoder?.prototype, 'decode', false),
    native(scope.TextEncoder?.prototype, 'encodeInto', true, {
      after: (_, answer) => ({ from: 0, size: (answer as { written: number }).written }),
    }),
    native(scope.crypto, 'getRandomValues', true),
    native(typedArray, 'set', false),
    native(scope.Buffer, 'from', false),
    native(scope.Buffer, 'concat', false),
    native(scope.Buffer?.prototype, 'copy', true, {
      after: ([, from = 0], answer) => ({ from: Number(from), size: Number(answer) }),
    }),
    native(scope, 'structuredClone', false),
    native(scope, 'postMessage', false),
    ...['compile', 'instantiate', 'validate'].map((m) => native(scope.WebAssembly, m, false, UNJUDGED)),
    ...Object.getOwnPropertyNames(Atomics)
      .filter((m) => m !== 'isLockFree' && m !== 'pause')
      .map((m) => native(Atomics, m, !READING_ATOMICS.has(m), oneElement)),
    ...['writeFileSync', 'appendFileSync'].map((m) => native(files, m, false)),
    native(files, 'writeSync', false, asFilesDo),
    native(files, 'readSync', true, asFilesDo),
    ...['read', 'write'].map((m) => native(files, m, false, UNJUDGED)),
    native(crypto, 'randomFillSync', true, { before: (view, [, from, size]) => elements(view, from, size) }),
    native(crypto?.Hash?.prototype, 'update', false),
  ];
}

/** Modules are copied by wasan itself; what is done later cannot be judged now. */
const UNJUDGED: Partial<Native> = { before: () => ({ from: 0, size: 0 }) };
const READING_ATOMICS = new Set(['load', 'wait', 'waitAsync', 'notify']);

export function unwrapNatives(unwrap: Unwrap, judge: Judge): void {
  for (const row of natives()) wrap(row, unwrap, judge);
  const { isView } = ArrayBuffer;
  ArrayBuffer.isView = ((value: unknown) => isView(unwrap(value) ?? value)) as typeof isView;
  const modules = builtin('module') as { syncBuiltinESMExports?: () => void } | undefined;
  modules?.syncBuiltinESMExports?.(); // for `import { readSync } from 'node:fs'`
}

/** A module of Node, where there is one. */
function builtin(name: string): unknown {
  const { process } = globalThis as unknown as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return process?.getBuiltinModule?.(name);
}

function wrap({ owner, method, write, before, after }: Native, unwrap: Unwrap, judge: Judge): void {
  const holder = owner as Record<string, unknown> | undefined;
  const original = holder?.[method];
  if (!holder || typeof original !== 'function') return;
  const judgeBytes = (view: ArrayBufferView, { from, size }: Bytes) => {
    // A place outside the view is the call's own to refuse.
    if (!(from >= 0 && size > 0 && from + size <= view.byteLength)) return;
    judge(new Uint8Array(view.buffer, view.byteOffset + from, size), write, method);
  };
  holder[method] = function (this: unknown, ...args: unknown[]): unknown {
    const views = args.map(unwrap);
    const plain = args.map((arg, i) => views[i] ?? arg);
    const guarded = views.filter((view) => view !== undefined);
    if (!after)
      for (const view of guarded) judgeBytes(view, before?.(view, plain) ?? { from: 0, size: view.byteLength });
    const answer: unknown = Reflect.apply(original, this, plain);
    if (after) for (const view of guarded) judgeBytes(view, after(plain, answer));
    return answer;
  };
}
