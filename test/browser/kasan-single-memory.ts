// One KASAN program after the other with memory 1 in a second instance. The engine itself sees to it that no code names a
// second memory: a module that did would not compile.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseModule } from '../../instrument/wasm/module.ts';
import { readPrograms } from '../conformance/expectations.ts';
import { compileC } from '../support/compile-c.ts';
import { expectFindings, instrumentToRun, runProgram } from '../support/run-instrumented.ts';

const FOLDER = new URL('../conformance/kasan/', import.meta.url);
const HEADERS = Object.fromEntries(
  ['kasan.h', 'pool.h'].map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')]),
);

/** How many memories a module has. */
function memories(bytes: Uint8Array): number {
  return parseModule(bytes).memories.length;
}

function neighbourOf(bytes: Uint8Array): Uint8Array {
  const section = parseModule(bytes).sections.find((s) => s.name === 'wasan.neighbour')!;
  return bytes.subarray(section.start + 1 + 'wasan.neighbour'.length, section.end);
}

type Program = ReturnType<typeof readPrograms>[number];

/** The programs for which `wanted` holds. */
export function singleMemorySuite(wanted: (file: string) => boolean): void {
  describe.each(readPrograms(FOLDER).filter(({ file }) => wanted(file)))('$file', runs);
}

function runs({ file, source, flags, levels, dies, expected }: Program): void {
  for (const [level, mapping] of [
    ['-O0', 'flat'],
    ['-O2', 'paged'],
  ] as const) {
    test.skipIf(levels && !levels.includes(level))(`${level} ${mapping}`, async () => {
      const module = await compileC({ file, source, flags: [level, '-g', ...flags], headers: HEADERS });
      const instrumented = instrumentToRun(module, { singleMemory: true, mapping });
      expect(memories(instrumented)).toBe(1);
      expect(memories(neighbourOf(instrumented))).toBe(1);
      const run = await runProgram(module, instrumented);
      expectFindings(run, { findings: expected('asan', level), file, dies });
    });
  }
}
