// Guarded views: typed arrays and DataViews over a guarded memory are Proxies that ask about every element they read or
// write. JavaScript executes no instruction of the module, so nothing else would notice what glue and users do to its memory.
// The globals of this realm are replaced once; only views on WebAssembly memories are affected.

import { DATA_VIEW_BYTES, METHODS, type Touched } from './guard-methods.ts';
import { unwrapNatives } from './guard-natives.ts';
import { isObject } from './is-object.ts';

/** Judges a range that JavaScript is about to touch. `what` is told as the function that does it. */
export type GuardCheck = (address: number, size: number, write: boolean, what: string) => void;

type View = ArrayBufferView & { readonly length: number; readonly BYTES_PER_ELEMENT: number };
type Constructor = new (...args: unknown[]) => View;

const ARRAYS = [
  ...['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array'],
  ...['Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
];

class Guard {
  private readonly checks = new WeakMap<WebAssembly.Memory, GuardCheck>();
  /** Glue may make its views before the module is instantiated: the memory behind a buffer counts when it is used. */
  private readonly memories = new WeakMap<ArrayBufferLike, WebAssembly.Memory>();
  private readonly views = new WeakMap<object, View>();
  /** Above 0, wasan itself is at work. */
  private paused = 0;

  constructor() {
    this.watchBuffers();
    const scope = globalThis as unknown as Record<string, Constructor>;
    for (const name of [...ARRAYS, 'DataView']) scope[name] = this.guardConstructor(scope[name]!);
    unwrapNatives(
      (value) => this.views.get(value as object),
      (view, write, what) => {
        this.check(view, 0, view.byteLength, write, what);
      },
    );
  }

  add(memory: WebAssembly.Memory, check: GuardCheck): void {
    this.checks.set(memory, check);
  }

  pause<T>(action: () => T): T {
    this.paused++;
    try {
      return action();
    } finally {
      this.paused--;
    }
  }

  /** Every buffer that a memory hands out is known from then on: each growth makes a new one. */
  private watchBuffers(): void {
    const { prototype } = WebAssembly.Memory;
    const own = Object.getOwnPropertyDescriptor(prototype, 'buffer')!;
    const { memories } = this;
    Object.defineProperty(prototype, 'buffer', {
      ...own,
      get(this: WebAssembly.Memory) {
        const buffer = own.get!.call(this) as ArrayBufferLike;
        memories.set(buffer, this);
        return buffer;
      },
    });
  }

  private guardConstructor(native: Constructor): Constructor {
    return new Proxy(native, {
      construct: (target, args: unknown[], newTarget) => {
        const [source, ...rest] = args;
        const inner = isObject(source) ? this.views.get(source) : undefined;
        if (inner) this.check(inner, 0, inner.byteLength, false, `new ${native.name}`);
        const view = Reflect.construct(target, [inner ?? source, ...rest], newTarget) as View;
        return this.guarded(view);
      },
    });
  }

  /** The view itself, unless it lies in a memory. */
  private guarded<T extends View>(view: T): T {
    if (this.paused > 0 || !this.memories.has(view.buffer)) return view;
    const handler = view instanceof DataView ? this.dataHandler() : this.arrayHandler();
    const proxy = new Proxy(view, handler as ProxyHandler<T>);
    this.views.set(proxy, view);
    return proxy;
  }

  private check(view: ArrayBufferView, offset: number, size: number, write: boolean, what: string): void {
    if (this.paused > 0 || size === 0) return;
    const memory = this.memories.get(view.buffer);
    const check = memory && this.checks.get(memory);
    if (check) this.pause(() => check(view.byteOffset + offset, size, write, what));
  }

  private element(view: View, index: number, write: boolean): void {
    if (index >= view.length) return; // reads undefined, writes nothing
    const size = view.BYTES_PER_ELEMENT;
    this.check(view, index * size, size, write, `${view.constructor.name}${write ? ' write' : ' read'}`);
  }

  private arrayHandler(): ProxyHandler<View> {
    return {
      get: (view, key) => {
        const index = indexOf(key);
        if (index >= 0) this.element(view, index, false);
        const value: unknown = Reflect.get(view, key, view);
        return typeof value === 'function' && key !== 'constructor' ? this.method(view, key, value) : value;
      },
      set: (view, key, value) => {
        const index = indexOf(key);
        if (index >= 0) this.element(view, index, true);
        return Reflect.set(view, key, value, view);
      },
    };
  }

  private dataHandler(): ProxyHandler<View> {
    return {
      get: (view, key) => {
        const value: unknown = Reflect.get(view, key, view);
        if (typeof value !== 'function' || typeof key !== 'string') return value;
        const size = DATA_VIEW_BYTES[key.slice(3)];
        if (size === undefined) return value.bind(view);
        return (offset: number, ...rest: unknown[]) => {
          const at = Number(offset ?? 0);
          if (at >= 0 && at + size <= view.byteLength)
            this.check(view, at, size, key.startsWith('set'), `DataView.${key}`);
          return Reflect.apply(value, view, [offset, ...rest]);
        };
      },
    };
  }

  /** A method of a typed array: what it touches is judged before it runs on the view itself. */
  private method(view: View, key: string | symbol, method: CallableFunction): (...args: unknown[]) => unknown {
    const touches = METHODS[key as string];
    return (...args) => {
      const plain = args.map((arg) => (isObject(arg) && this.views.get(arg)) || arg);
      const what = `${view.constructor.name}.${String(key)}`;
      const judge = ({ from, to, write }: Touched) => {
        const size = view.BYTES_PER_ELEMENT;
        if (to > from) this.check(view, from * size, (to - from) * size, write, what);
      };
      for (const touched of touches?.(view.length, plain) ?? []) judge(touched);
      for (const [i, arg] of args.entries()) {
        const inner = plain[i];
        if (inner !== arg) this.check(inner as View, 0, (inner as View).byteLength, false, what);
      }
      if (!touches && WALKS.has(key)) return this.walk(view, key as string, plain);
      const result = Reflect.apply(method, view, plain) as unknown;
      if (result === view) return this.guarded(view);
      return ArrayBuffer.isView(result) ? this.guarded(result as View) : result;
    };
  }

  /** A search may stop anywhere: it runs over the elements as an array's would, each judged when it is read. */
  private walk(view: View, key: string, args: unknown[]): unknown {
    const generic = Array.prototype[key as 'indexOf'] as unknown as CallableFunction;
    return Reflect.apply(generic, new Proxy(view, this.arrayHandler()), args);
  }
}

/** Methods that may end before they have seen every element. */
const WALKS = new Set<string | symbol>([
  ...['indexOf', 'lastIndexOf', 'includes', 'find', 'findIndex', 'findLast', 'findLastIndex', 'some', 'every'],
  ...['values', 'entries', Symbol.iterator],
]);

/** A property key as an element's index; -1 for anything else. */
function indexOf(key: string | symbol): number {
  if (typeof key !== 'string') return -1;
  const first = key.charCodeAt(0);
  if (first < 0x30 || first > 0x39) return -1;
  const index = Number(key);
  return Number.isInteger(index) && String(index) === key ? index : -1;
}

/** One for the realm, as the globals it replaces are. */
let guard: Guard | undefined;

/** From here on, views on memories ask before they touch one that is guarded. To be called before glue makes any. */
export function installGuard(): void {
  guard ??= new Guard();
}

export function guardMemory(memory: WebAssembly.Memory, check: GuardCheck): void {
  installGuard();
  guard!.add(memory, check);
}

/** Runs wasan's own code, whose views are not to be guarded. */
export function unguarded<T>(action: () => T): T {
  return guard ? guard.pause(action) : action();
}
