// wasan inspect: what was found in a module, and what can therefore be detected in it and what cannot.

import { SanitizerError } from '../../host/errors.ts';
import { createSymbolizer, type Symbolizer } from '../../host/index.ts';
import { PROBES } from '../../host/probes.ts';
import { FRAME_TROUBLES, type FrameCounts, LAYOUT_TROUBLES } from '../../instrument/frames/index.ts';
import { type Inspection, inspect } from '../../instrument/index.ts';
import { isCollected } from '../../instrument/kept-by-name.ts';
import { type Command, type Flag, flagHelp, parseFlags } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { explainChecks } from '../explain-checks.ts';
import { glueNamesFor } from '../glue.ts';
import { ALLOCATOR_FLAGS, allocatorOptions } from '../instrument-flags.ts';
import { readModule } from '../module-file.ts';

const FLAGS: readonly Flag[] = [
  ...ALLOCATOR_FLAGS,
  { name: '--json', sentence: 'machine-readable output' },
  { name: '--explain-checks', sentence: 'list every access that carries no check of its own, and why' },
];

export const inspectCommand: Command = {
  name: 'inspect',
  summary: 'say what was found in a module and what can be detected in it',
  usage: `wasan inspect [flags] module.wasm\n\n${flagHelp(FLAGS)}`,
  run: async (args, io) => {
    const { values, rest } = parseFlags(args, FLAGS, { interleaved: true });
    const path = rest[0];
    if (path === undefined || rest.length > 1) throw new SanitizerError('E_USAGE', 'wasan inspect takes one module');
    const bytes = readModule(path);
    const symbolizer = createSymbolizer(bytes);
    const names = glueNamesFor(path, bytes, values);
    const found = inspect(bytes, {
      ...PROBES,
      ...allocatorOptions(values),
      ...names,
      debugInfo: symbolizer,
      threads: true,
    });
    if (values.has('--explain-checks')) {
      io.stdout(explainChecks(found, symbolizer));
      return EXIT.CLEAN;
    }
    const facts = describe(path, bytes.length, found, symbolizer);
    io.stdout(values.has('--json') ? `${JSON.stringify(facts, null, 2)}\n` : text(facts));
    return EXIT.CLEAN;
  },
};

function describe(path: string, size: number, found: Inspection, symbolizer: Symbolizer) {
  const { info: debugInfo, staleDwarf } = symbolizer;
  const { module, allocator, stackPointer } = found;
  const memory = module.memories[0]!;
  const checked = found.skips.filter((skip) => skip === 'checked').length;
  return {
    module: path,
    bytes: size,
    functions: module.bodies.length,
    checkedFunctions: checked,
    allocatorOwnFunctions: found.allocatorClosure.size,
    recordingFunctions: found.plan.functions.filter((f) => f.recordsCalls).length,
    memory: {
      pages: memory.min,
      maximum: memory.max ?? null,
      imported: memory.imported,
      shared: memory.shared,
      memory64: memory.is64,
    },
    debugInfo,
    staleDwarf,
    allocator: allocator.functions.map((f) => ({ role: f.role.role, function: f.func, name: f.name, how: f.how })),
    kept: allocator.kept.map((f) => ({ role: f.role.role, function: f.func, name: f.name, how: f.how })),
    layout: allocator.functions.length > 0 ? allocator.layout : null,
    confidence: allocator.confidence,
    rejected: allocator.rejected,
    evidence: allocator.evidence,
    refused: allocator.refused ?? null,
    stackPointer: stackPointer
      ? {
          global: stackPointer.global,
          how: stackPointer.how,
          initial: stackPointer.initial ?? null,
          prologues: stackPointer.prologues,
        }
      : null,
    frames: stackPointer ? frames(found.frames.counts) : null,
    nullPage: found.nullLimit,
    ...detection(found, debugInfo),
  };
}

type Facts = ReturnType<typeof describe>;

/** How many functions take stack, and what their frames got. */
function frames({ troubles, layoutTroubles, ...counts }: FrameCounts) {
  return { ...counts, leftAlone: Object.fromEntries(troubles), inOnePiece: Object.fromEntries(layoutTroubles) };
}

function framesText(f: NonNullable<Facts['frames']>): string[] {
  const each = (what: string, counted: object, sentences: Readonly<Record<string, string>>) =>
    Object.entries(counted).map(([why, n]) => `  ${what} ${String(n).padStart(6)}: ${sentences[why]}`);
  return [
    `frames         ${f.total} functions take stack: ${f.guarded} with redzones, ${f.separated} of those between their variables, too; ${f.closed} need none`,
    ...each('left alone  ', f.leftAlone, FRAME_TROUBLES),
    ...each('in one piece', f.inOnePiece, LAYOUT_TROUBLES),
  ];
}

const AFTER_FREE = 'use after free, double free, invalid free, leaks';

/** What each piece of knowledge buys. */
function detection(found: Inspection, debugInfo: string): { detects: string[]; cannotDetect: string[] } {
  const detects: string[] = ['accesses beyond the end of memory'];
  const cannotDetect: string[] = [];
  const either = (known: boolean, what: string, why: string) => {
    if (known) detects.push(what);
    else cannotDetect.push(`${what}: ${why}`);
  };
  const roles = found.allocator.functions.map((f) => f.role.role);
  const none = found.allocator.refused === undefined ? 'no allocator was found' : 'the allocator is left alone';
  if (roles.length > 0 && roles.every(isCollected)) {
    detects.push('heap overflow');
    cannotDetect.push(`${AFTER_FREE}: a collector frees, or nobody`);
  } else {
    either(roles.length > 0, `heap overflow, ${AFTER_FREE}`, none);
    if (roles.some(isCollected)) cannotDetect.push('the same of what a collector frees: of that, only overflow');
  }
  either(found.nullLimit > 0, `null dereference (addresses below ${found.nullLimit})`, 'data may lie at address 0');
  either(found.stackPointer !== undefined, 'overflow between stack frames', 'no stack pointer was found');
  either(debugInfo === 'dwarf', 'overflow between variables of a frame or between globals', 'there is no DWARF');
  return { detects, cannotDetect };
}

function text(f: Facts): string {
  const memory = [
    `${f.memory.pages} pages`,
    f.memory.maximum === null ? 'no maximum' : `at most ${f.memory.maximum}`,
    ...(f.memory.imported ? ['imported'] : []),
    ...(f.memory.shared ? ['shared'] : []),
    ...(f.memory.memory64 ? ['64-bit'] : []),
  ].join(', ');
  const lines = [
    `${f.module}: ${f.bytes} bytes, ${f.functions} functions, ${f.checkedFunctions} checked`,
    `memory         ${memory}`,
    `symbols        ${f.debugInfo}${f.staleDwarf ? ' (there is DWARF, but of code that a tool has rewritten since)' : ''}`,
    `stack pointer  ${f.stackPointer ? `global ${f.stackPointer.global}, found by ${f.stackPointer.how} (${f.stackPointer.prologues} prologues), starts at ${f.stackPointer.initial ?? 'an unknown address'}` : 'not found'}`,
    ...(f.frames ? framesText(f.frames) : []),
    `null page      ${f.nullPage > 0 ? `addresses below ${f.nullPage}` : 'none'}`,
    `allocator      ${f.allocator.length > 0 ? `${f.allocator.length} functions, ${f.allocatorOwnFunctions} in its closure (not checked), confidence ${f.confidence}` : f.refused ? 'left alone' : 'not found: name it with --allocator malloc=<function> --allocator free=<function>'}`,
    ...f.allocator.map((a) => `  ${a.role.padEnd(28)} function ${a.function} (${a.name}), by ${a.how}`),
    ...f.kept.map((a) => `  ${a.role.padEnd(28)} function ${a.function} (${a.name}), by ${a.how}; left as it is`),
    ...f.evidence.map((e) => `  evidence: ${e}`),
    ...(f.refused ? [`  left alone: ${f.refused}; name it with --allocator to overrule`] : []),
    ...f.rejected.map((name) => `  not used: ${name} has another signature`),
    'detects',
    ...f.detects.map((d) => `  + ${d}`),
    ...(f.cannotDetect.length > 0 ? ['cannot detect'] : []),
    ...f.cannotDetect.map((d) => `  - ${d}`),
  ];
  return `${lines.join('\n')}\n`;
}
