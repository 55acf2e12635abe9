// AssemblyScript's TLSF at every level and with either collector, without names: is it found and right, is a right program
// silent over many collections, and is misuse told?

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { inspect, instrument, load, type Report } from '../../index.ts';
import { parseModule } from '../../instrument/wasm/module.ts';
import { functionNames } from '../../instrument/wasm/names.ts';
import { runAsc } from '../support/compile-assemblyscript.ts';
import { strip } from './strip.ts';

const SOURCE = readFileSync(fileURLToPath(new URL('assemblyscript/guest.as', import.meta.url)), 'utf8');

async function compile(flags: readonly string[]): Promise<Uint8Array> {
  return (await runAsc('a.ts', SOURCE, ['--debug', ...flags]))['a.wasm']!;
}

type Call = (name: string, ...args: number[]) => number;

const abort = () => expect.fail('abort');

function caller(exports: WebAssembly.Exports, names: readonly string[] = []): Call {
  return (name, ...args) => {
    const renamed = names.length > 0 ? `e${names.indexOf(name)}` : name;
    return (exports[renamed] as (...args: number[]) => number)(...args);
  };
}

async function start(module: Uint8Array, quarantine: number): Promise<{ call: Call; findings: string[] }> {
  const stripped = strip(module);
  const findings: string[] = [];
  const { bytes } = instrument(stripped, { host: true, runtime: { halt: false, quarantineBytes: quarantine } });
  const onFinding = ({ title }: Report) => {
    findings.push(title);
    return false;
  };
  const { instance } = await load({ original: stripped, instrumented: bytes, imports: { env: { abort } }, onFinding });
  const names = WebAssembly.Module.exports(new WebAssembly.Module(module as BufferSource)).map((e) => e.name);
  return { call: caller(instance.exports, names), findings };
}

async function plain(module: Uint8Array): Promise<Call> {
  const { instance } = await WebAssembly.instantiate(module as BufferSource, { env: { abort } });
  return caller(instance.exports);
}

const NAMES: Readonly<Record<string, string>> = {
  'tlsf allocate block': '~lib/rt/tlsf/allocateBlock',
  'tlsf insert block': '~lib/rt/tlsf/insertBlock',
  'tlsf remove block': '~lib/rt/tlsf/removeBlock',
  'tlsf prepare block': '~lib/rt/tlsf/prepareBlock',
  'tlsf move block': '~lib/rt/tlsf/moveBlock',
};

const LEVELS = ['-O0', '-O1', '-O3', '-Oz', '-O3 --converge --noAssert'];
const BUILDS = ['incremental', 'minimal'].flatMap((runtime) =>
  LEVELS.map((level) => [runtime, level, ['--runtime', runtime, '--exportRuntime', ...level.split(' ')]] as const),
);

describe.each(BUILDS)('%s %s', (_, __, flags) => {
  const module = compile(flags);

  test('what is found without names is what has those names', async () => {
    const { functions, layout, confidence, refused } = inspect(strip(await module)).allocator;
    const names = functionNames(parseModule(await module));
    expect({ layout, confidence, refused }).toEqual({ layout: 'behind', confidence: 'high', refused: undefined });
    expect(functions.map(({ role, func }) => [role.role, names.get(func)])).toEqual(Object.entries(NAMES));
  });

  test.each([0, 1 << 28])('a right program is silent, quarantine of %i bytes', async (quarantine) => {
    const { call, findings } = await start(await module, quarantine);
    const right = await plain(await module);
    for (let round = 0; round < 2; round++) {
      expect(call('churn', 700)).toBe(right('churn', 700));
      expect(call('resize', 300)).toBe(right('resize', 300));
      call('__collect');
      right('__collect');
    }
    expect(findings).toEqual([]);
  });

  test('overflow, use after free and double free are told, and nothing else', async () => {
    const { call, findings } = await start(await module, 1 << 28);
    const told = (what: () => void) => {
      findings.length = 0;
      what();
      return [...findings];
    };
    const block = call('take', 24);
    expect(told(() => call('write', block + 23))).toEqual([]);
    expect(told(() => call('write', block + 24))).toEqual(['heap-buffer-overflow']);
    const larger = call('retake', block, 500);
    expect(told(() => call('write', larger + 499))).toEqual([]);
    expect(told(() => call('give', larger))).toEqual([]);
    expect(told(() => call('read', larger + 3))).toEqual(['heap-use-after-free']);
    expect(told(() => call('give', larger))).toEqual(['double-free']);
    const array = call('__pin', call('bytes', 50));
    const data = call('dataOf', array);
    expect(told(() => call('writeByte', array, 49))).toEqual([]);
    expect(told(() => call('writeByte', array, 50))).toEqual(['heap-buffer-overflow']);
    call('__unpin', array);
    call('__collect');
    expect(told(() => call('readWord', data))).toEqual(['heap-use-after-free']);
  });
});
