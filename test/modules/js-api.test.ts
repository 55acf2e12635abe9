// Does WebAssembly's JavaScript API look the same under wasan, in the corners that test suites of engines look into?

import { runInNewContext } from 'node:vm';
import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { intercept } from '../../host/intercept.ts';
import { underWasan } from './guest.ts';

function assemble(text: string): BufferSource {
  const module = binaryen.parseText(`(module ${text})`);
  module.setFeatures(binaryen.Features.ReferenceTypes);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes as BufferSource;
}

const USES_MEMORY = '(memory $m 1) (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))';
const ALONE = assemble(USES_MEMORY);
const IMPORTS_MEMORY =
  assemble(`(import "env" "memory" (memory 1)) (import "env" "a" (func)) (import "other" "b" (func))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))`);
const STRINGS = assemble(`(import "wasm:js-string" "length" (func $length (param externref) (result i32)))
  (import "texts" "four" (global $four externref)) ${USES_MEMORY}
  (func (export "four") (result i32) (call $length (global.get $four)))`);
const BUILTINS = { builtins: ['js-string'], importedStringConstants: 'texts' } as never; // no type of TypeScript's knows them

/** The names read from an import object, in order. */
function readsOf(run: (imports: WebAssembly.Imports) => void): string {
  const reads: string[] = [];
  const values = { memory: new WebAssembly.Memory({ initial: 1 }), a() {}, b() {} };
  const watched = (name: string, inner: object): object =>
    new Proxy(inner, {
      get: (target, key) => {
        reads.push(`${name}${String(key)}`);
        return Reflect.get(target, key);
      },
    });
  run(watched('', { env: watched('env.', values), other: watched('other.', values) }) as WebAssembly.Imports);
  return reads.join(' ');
}

const errorOf = (run: () => unknown): string => {
  try {
    return String(run());
  } catch (error) {
    return String(error);
  }
};
const instance = (module: WebAssembly.Module, imports?: unknown) =>
  new WebAssembly.Instance(module, imports as WebAssembly.Imports);

const CASES: Record<string, [() => unknown, unknown]> = {
  'builtins for strings reach the engine, from a constructor': [
    () => (instance(Reflect.construct(WebAssembly.Module, [STRINGS, BUILTINS]), {}).exports.four as () => number)(),
    4,
  ],
  'from instantiate': [
    async () => ((await WebAssembly.instantiate(STRINGS, {}, BUILTINS)).instance.exports.four as () => number)(),
    4,
  ],
  'and from compile': [
    async () => (instance(await WebAssembly.compile(STRINGS, BUILTINS), {}).exports.four as () => number)(),
    4,
  ],
  'imports are read once, in order': [
    () => readsOf((imports) => instance(new WebAssembly.Module(IMPORTS_MEMORY), imports)),
    'env env.memory env env.a other other.b',
  ],
  'what only inherits from a memory is no memory': [
    () =>
      errorOf(() =>
        instance(new WebAssembly.Module(IMPORTS_MEMORY), {
          env: { memory: Object.create(WebAssembly.Memory.prototype), a() {} },
          other: { b() {} },
        }),
      ),
    'LinkError: WebAssembly.Instance(): Import #0 "env" "memory": memory import must be a WebAssembly.Memory object',
  ],
  'a module of imports that is none': [
    () => errorOf(() => instance(new WebAssembly.Module(IMPORTS_MEMORY), { env: 3 })),
    'TypeError: WebAssembly.Instance(): Import #0 "env": module is not an object or function',
  ],
  'no imports where some are needed': [
    () => errorOf(() => instance(new WebAssembly.Module(IMPORTS_MEMORY))),
    'TypeError: WebAssembly.Instance(): Imports argument must be present and must be an object',
  ],
  'an instance of what is no module': [
    () => errorOf(() => instance({} as WebAssembly.Module)),
    'TypeError: WebAssembly.Instance(): Argument 0 must be a WebAssembly.Module',
  ],
  'a function may hold imports': [
    () => Object.keys(instance(new WebAssembly.Module(ALONE), () => {}).exports).join(),
    'load',
  ],
  'classes that extend them': [
    () => {
      class Module extends WebAssembly.Module {}
      class Instance extends WebAssembly.Instance {}
      const module = new Module(ALONE);
      const made = new Instance(module);
      return [module instanceof Module, made instanceof Instance, Object.keys(made.exports).join()].join();
    },
    'true,true,load',
  ],
  'a module of another realm': [
    async () => {
      const module = runInNewContext('new WebAssembly.Module(bytes)', { bytes: ALONE });
      return Object.keys((await WebAssembly.instantiate(module as WebAssembly.Module)).exports).join();
    },
    'load',
  ],
  'streaming what is no response': [
    async () => String(await WebAssembly.compileStreaming({} as Response).catch((error) => error.code)),
    'ERR_INVALID_ARG_TYPE',
  ],
  'names, lengths and constructors': [
    () => {
      const { Module, Instance, compile, instantiate } = WebAssembly;
      const functions = [Module, Instance, compile, instantiate, Module.exports, Module.imports, Module.customSections];
      const constructors = [Module, Instance].map((c) => c.prototype.constructor === c);
      return [...functions.map((f) => `${f.name} ${f.length}`), ...constructors].join();
    },
    'Module 1,Instance 1,compile 1,instantiate 1,exports 1,imports 1,customSections 2,true,true',
  ],
};

test.each(Object.entries(CASES))('%s', async (_, [run, expected]) => {
  expect(await run()).toBe(expected);
  const { value, findings } = await underWasan(async () => run());
  expect(value).toBe(expected);
  expect(findings).toEqual([]);
  expect(await run()).toBe(expected); // and put back
});

// Older engines have none; only what there is gets replaced.
test('an API without streaming', async () => {
  const { Module, Instance, compile, instantiate } = WebAssembly;
  const api = { Module, Instance, compile, instantiate } as typeof WebAssembly;
  let rewritten = 0;
  const restore = intercept({ rewrite: () => void rewritten++, onFinding: () => undefined }, api);
  try {
    await api.instantiate(ALONE);
    await api.compile(ALONE);
    new api.Module(ALONE);
    expect(rewritten).toBe(3);
    expect('compileStreaming' in api).toBe(false);
  } finally {
    restore();
  }
  expect(api.instantiate).toBe(instantiate);
});
