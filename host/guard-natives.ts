// Functions of the engine and its host that take a view: they look inside the object and would refuse a Proxy. Here they get
// the view itself, after its bytes have been judged.

type Unwrap = (value: unknown) => ArrayBufferView | undefined;
type Judge = (view: ArrayBufferView, write: boolean, what: string) => void;

/** Owner, method, and whether the method writes into the views it is given. */
function table(): readonly (readonly [owner: unknown, method: string, write: boolean])[] {
  const scope = globalThis as unknown as Record<string, { prototype?: unknown } | undefined>;
  const typedArray = Object.getPrototypeOf(Int8Array.prototype) as unknown;
  const process = scope.process as unknown as { getBuiltinModule?: (name: string) => unknown } | undefined;
  const files = process?.getBuiltinModule?.('fs');
  return [
    [scope.TextDecoder?.prototype, 'decode', false],
    [scope.TextEncoder?.prototype, 'encodeInto', true],
    [scope.crypto, 'getRandomValues', true],
    [typedArray, 'set', false],
    [scope.Buffer, 'from', false],
    [scope.Buffer, 'concat', false],
    [scope, 'structuredClone', false],
    [scope, 'postMessage', false],
    [scope, 'fetch', false],
    ...['compile', 'instantiate', 'validate'].map((m) => [scope.WebAssembly, m, false] as const),
    ...['writeSync', 'writeFileSync', 'appendFileSync'].map((m) => [files, m, false] as const),
    [files, 'readSync', true],
  ];
}

export function unwrapNatives(unwrap: Unwrap, judge: Judge): void {
  for (const [owner, name, write] of table()) {
    const holder = owner as Record<string, unknown> | undefined;
    const native = holder?.[name];
    if (!holder || typeof native !== 'function') continue;
    holder[name] = function (this: unknown, ...args: unknown[]): unknown {
      const plain = args.map((arg) => {
        const view = unwrap(arg);
        // How much of it a partial read or write touches, only the call itself will tell: those judge nothing.
        if (view && !PARTIAL.has(name)) judge(view, write, name);
        return view ?? arg;
      });
      const answer: unknown = Reflect.apply(native, this, plain);
      if (name === 'encodeInto' && unwrap(args[1])) judge(encoded(plain[1], answer), write, name);
      return answer;
    };
  }
  const { isView } = ArrayBuffer;
  ArrayBuffer.isView = ((value: unknown) => isView(unwrap(value) ?? value)) as typeof isView;
}

/** What TextEncoder.encodeInto has written: known, and judged, when it is done. */
function encoded(target: unknown, answer: unknown): ArrayBufferView {
  return (target as Uint8Array).subarray(0, (answer as { written: number }).written);
}

const PARTIAL = new Set(['encodeInto', 'readSync', 'writeSync', 'fetch', 'compile', 'instantiate', 'validate']);
