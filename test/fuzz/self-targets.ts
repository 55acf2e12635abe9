// wasan's own readers of other people's bytes as fuzz targets. Each refuses in its own words or answers; anything else
// that is thrown, an answer that is wrong, or one that takes long is a finding. What a target returns guides the search.

import { readFileSync } from 'node:fs';
import { parseDictionary } from '../../fuzz/dictionary.ts';
import { parseBoundary } from '../../host/boundary-table.ts';
import { SanitizerError } from '../../host/errors.ts';
import { parseOptionString } from '../../host/options.ts';
import { parseIgnoreList, parseSuppressions } from '../../host/report/suppressions.ts';
import { demangle } from '../../host/symbols/demangle.ts';
import { createSymbolizer } from '../../host/symbols/index.ts';
import { replayScript } from '../../host/vma/history.ts';
import { parseScript, VmaScriptError } from '../../host/vma/language.ts';
import { POLICIES, type Policy } from '../../host/vma/space.ts';
import { InstrumentError, instrument } from '../../index.ts';
import { compileC } from '../support/compile-c.ts';
import { handMade } from './corpus.ts';

export interface SelfTarget {
  readonly name: string;
  /** A word for what happened. Throws what is wrong. */
  readonly run: (input: Uint8Array) => string;
  readonly seeds: readonly Uint8Array[];
  readonly words: readonly string[];
  /** Runs in the long test; a tenth of a percent of it in the short one. */
  readonly runs: number;
  readonly maxLength: number;
}

/** CPU seconds an answer may take. */
const SLOWEST = 10;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (string: string) => new TextEncoder().encode(string);

export async function selfTargets(): Promise<SelfTarget[]> {
  const hand = handMade();
  const modules = [...hand.map((seed) => seed.bytes), ...(await debuggable())];
  const vma = new WebAssembly.Module(readFileSync(new URL('../../build/vma.wasm', import.meta.url)));
  const script = readFileSync(new URL('../../examples/vma/collector.vma', import.meta.url));
  const small = { words: [], maxLength: 512 };
  const targets: readonly SelfTarget[] = [
    {
      name: 'instrumenter',
      run: (input) => refusing([InstrumentError], () => instrumented(input)),
      seeds: modules,
      words: ['memory', 'malloc', 'free', '\x00asm', 'name', '\x0b', '\xfc\x0a', '\xfd', '\xfe', '\x1f\x40'],
      runs: 20_000,
      maxLength: 1 << 14,
    },
    {
      name: 'instrumenter for fuzzing',
      run: (input) => refusing([InstrumentError], () => COVERAGE.map((mode) => instrumented(input, mode)).join()),
      seeds: modules,
      words: ['memory', 'malloc', '\x00asm', '\x23\x00', '\x3f\x00', '\x40\x00', '\x36\x02', '\xfc\x0b\x00', '\x0e'],
      runs: 20_000,
      maxLength: 1 << 14,
    },
    {
      name: 'symbols',
      run: symbolized,
      seeds: modules,
      words: ['.debug_info', '.debug_line', '.debug_abbrev', '.debug_str', 'name', 'sourceMappingURL'],
      runs: 20_000,
      maxLength: 1 << 14,
    },
    {
      name: 'dictionary',
      run: (input) => refusing([SanitizerError], () => `${Math.min(9, parseDictionary(text(input)).length)} words`),
      ...small,
      seeds: ['"plain"\n', '# c\nname="\\x00\\xff\\\\\\""\n\n  kw_1 = "a=b"  # why\n'].map(bytes),
      runs: 200_000,
    },
    {
      name: 'vma script',
      run: (input) => refusing([VmaScriptError], () => replayed(vma, input)),
      seeds: [new Uint8Array(script)],
      words: [...text(new Uint8Array(script)).matchAll(/[a-zA-Z_]{3,}/g)].map(([word]) => word).slice(0, 200),
      runs: 20_000,
      maxLength: 2048,
    },
    {
      name: 'options',
      run: (input) => refusing([SanitizerError], () => Object.keys(parseOptionString(text(input), 'asan')).join()),
      ...small,
      seeds: ['halt_on_error=0:quarantine_size_mb=16', "log_path='a b':verbosity=1", 'detect_leaks=1'].map(bytes),
      runs: 200_000,
    },
    {
      name: 'suppressions',
      run: (input) => refusing([SanitizerError], () => `${parseSuppressions(text(input)).length}`),
      ...small,
      seeds: ['leak:main\n# comment\ninterceptor_via_fun:f*\n'].map(bytes),
      runs: 200_000,
    },
    {
      name: 'ignore list',
      run: (input) => refusing([SanitizerError], () => shapeOf(parseIgnoreList(text(input)))),
      ...small,
      seeds: ['fun:main\nsrc:*.c\n[address]\nfun:f*=init\n'].map(bytes),
      runs: 200_000,
    },
    {
      name: 'boundary table',
      run: (input) => refusing([SanitizerError], () => shapeOf(parseBoundary(text(input)))),
      ...small,
      seeds: [
        '{"env":{"send":[{"access":"reads","pointer":0,"length":1}]}}',
        '{"*":{"f":[{"access":"writes","pointer":1,"bytes":8},{"access":"reads","pointer":0,"string":true}]}}',
      ].map(bytes),
      runs: 100_000,
    },
    {
      name: 'source map',
      run: (input) => mapped(hand[0]!.bytes, input),
      ...small,
      // The module's code begins at byte 30 or so: what a map says of bytes before that, nobody asks.
      seeds: ['AAAA,CAAC;AACD,gBAAgB', '8BAAA,EACA,ECCC,EADAC,WAAC'].map((mappings) =>
        bytes(JSON.stringify({ version: 3, sources: ['a.ts', 'b.ts'], names: ['f'], mappings })),
      ),
      runs: 100_000,
    },
    {
      name: 'mangled names',
      run: (input) =>
        `${demangle(text(input))
          .replace(/[^(<:]/g, '')
          .slice(0, 12)}`,
      ...small,
      seeds: ['_ZN3foo3barIiEEvT_', '_ZNSt6vectorIiSaIiEE9push_backEOi', '_RNvCs1234_7mycrate3foo', '_ZTVN1A1BE'].map(
        bytes,
      ),
      runs: 200_000,
    },
  ];
  return targets.map((target) => ({ ...target, run: timed(target.run) }));
}

/** Small modules with debug information: nested and inlined functions, variables, several files' worth of types. */
function debuggable(): Promise<Uint8Array[]> {
  const source = `
    struct pair { int a; double b[3]; }; static struct pair table[4] = {{1}, {2}}; int counter = 7;
    static inline int twice(int x) { int y = x * 2; return y + counter; }
    __attribute__((export_name("f"))) int f(int n) {
      struct pair local[2] = {{n}, {n + 1}};
      for (int i = 0; i < n; i++) { char small[8]; small[i & 7] = i; local[i & 1].a += twice(small[0]); }
      return local[0].a + table[n & 3].a;
    }`;
  const flags = ['-g', '-nostdlib', '-Wl,--no-entry'];
  return Promise.all(
    ['-O0', '-O2', '-O1 -gdwarf-4'].map((more) =>
      compileC({ file: 'small.c', source, flags: [...flags, ...more.split(' ')] }),
    ),
  );
}

/** The same for values that differ in their numbers and texts alone. */
function shapeOf(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll(/"(\\.|[^"\\])*"(?!:)/g, 't')
    .replaceAll(/\d+/g, '0')
    .slice(0, 200);
}

/** The words of a refusal without its particulars; other errors go on. */
function refusing(kinds: readonly (new (...args: never[]) => Error)[], act: () => string): string {
  try {
    return act();
  } catch (error) {
    if (!kinds.some((kind) => error instanceof kind)) throw error;
    return `refused: ${(error as Error).message.replace(/"[^"]*"|\d+|\\.|: .*/gs, '')}`;
  }
}

function timed(run: (input: Uint8Array) => string): (input: Uint8Array) => string {
  return (input) => {
    const before = process.cpuUsage().user;
    const result = run(input);
    const seconds = (process.cpuUsage().user - before) / 1e6;
    if (seconds > SLOWEST) throw new Error('it takes too long');
    return result;
  };
}

const COVERAGE = ['counters', 'compares', 'lines'] as const;

function instrumented(input: Uint8Array, coverage?: (typeof COVERAGE)[number]): string {
  const valid = WebAssembly.validate(input as BufferSource);
  const { bytes: output, summary } = instrument(input, { host: true, ...(coverage && { coverage }) });
  if (valid && !WebAssembly.validate(output as BufferSource)) throw new Error('a valid module became an invalid one');
  return `${valid} ${Math.min(31, summary.sites)} ${Math.min(15, summary.checkedFunctions)}`;
}

/** Any bytes may call themselves debug information. */
function symbolized(input: Uint8Array): string {
  let problems = 0;
  let symbolizer: ReturnType<typeof createSymbolizer>;
  try {
    symbolizer = createSymbolizer(input, { onProblem: () => problems++ });
  } catch (error) {
    if ((error as Error).name !== 'MalformedError') throw error;
    return 'malformed';
  }
  const step = Math.max(1, input.length >> 6);
  const lines = new Set<unknown>();
  for (let at = 0; at < input.length; at += step) {
    for (const frame of symbolizer.frames(at)) lines.add(frame.line);
  }
  const frame = symbolizer.stackFrame(symbolizer.functionIndexAt(input.length >> 1));
  return `${symbolizer.info} ${Math.min(15, lines.size)} ${Math.min(7, problems)} ${symbolizer.globals().length} ${frame !== undefined}`;
}

/** A source map that is none is a problem worked around. */
function mapped(module: Uint8Array, input: Uint8Array): string {
  const symbolizer = createSymbolizer(module, { sourceMap: text(input) });
  const places = Array.from(module, (_, at) => symbolizer.frames(at)[0]!).map(({ file, line }) => `${file}:${line}`);
  return `${symbolizer.info} ${new Set(places).size} ${places.findLastIndex((place) => place !== places[0])}`;
}

function replayed(module: WebAssembly.Module, input: Uint8Array): string {
  const lines = parseScript(text(input));
  const ends = (Object.keys(POLICIES) as Policy[]).map((policy) => {
    const { steps, final } = replayScript(module, lines, policy, { pages: 512 });
    let last = 0;
    for (const area of final.areas()) {
      if (area.start < last || area.end <= area.start) throw new Error('areas overlap or are empty');
      last = area.end;
    }
    return `${Math.min(7, final.areas().length)}/${new Set(steps.map((s) => JSON.stringify(s.outcome))).size}`;
  });
  return ends.join(' ');
}
