// How often is the allocator of a module without names found, and is what is found ever wrong? The truth comes from the
// same module's exports, its glue or its name section, which the finder does not get to see.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { glueNames, inspect } from '../../index.ts';
import { compileC } from '../support/compile-c.ts';
import { strip } from './strip.ts';

interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly glue?: string;
}

/** A module inside a package, by its path below node_modules, and the script beside it. */
function packaged(path: string, glue?: string): Subject {
  const file = (name: string) => fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url));
  const bytes = new Uint8Array(readFileSync(file(path)));
  return { name: path, bytes, ...(glue === undefined ? {} : { glue: readFileSync(file(glue), 'utf8') }) };
}

/**
 * The members that names tell: a role has two functions where one merely calls the other (wasi-libc's malloc, dlmalloc). The
 * one inside memalign, which knows that the alignment is no small one, has no name in many modules.
 */
function truth({ bytes, glue }: Subject): Map<string, Set<number>> {
  const names = glue === undefined ? {} : glueNames(bytes, glue);
  const members = new Map<string, Set<number>>();
  const { allocator, graph } = inspect(bytes, { glueNames: names });
  for (const { how, role, func } of allocator.functions) {
    if (how === 'body') continue;
    const inner = role.role === 'memalign' ? graph.callees[func]! : [];
    members.set(role.role, new Set([...(members.get(role.role) ?? []), func, ...inner]));
  }
  return members;
}

/** The members that bodies tell. */
function found(bytes: Uint8Array): Map<string, number> {
  const { functions, layout } = inspect(strip(bytes)).allocator;
  for (const f of functions) expect(f.how).toBe('body');
  if (functions.length > 0) expect(layout).toBe('behind');
  return new Map(functions.map((f) => [f.role.role, f.func]));
}

/** Everything found must be right, where the truth is known; malloc and free must be found. */
function judge(subject: Subject): void {
  const known = truth(subject);
  const guessed = found(subject.bytes);
  expect([...guessed.keys()]).toEqual(expect.arrayContaining(['malloc', 'free']));
  for (const [role, func] of guessed) {
    if (known.has(role)) expect({ role, func, right: known.get(role)!.has(func) }).toMatchObject({ right: true });
  }
}

describe('packages', () => {
  const subjects = [
    packaged('sql.js/dist/sql-wasm.wasm', 'sql.js/dist/sql-wasm.js'),
    packaged('sql.js/dist/sql-wasm-debug.wasm'),
    packaged('@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm'),
    packaged('@jitl/quickjs-wasmfile-release-asyncify/dist/emscripten-module.wasm'),
    packaged('@jitl/quickjs-wasmfile-debug-asyncify/dist/emscripten-module.wasm'),
  ];
  test.each(subjects)('$name: malloc and free are found, and nothing else is called by their names', judge);

  test('an exported memalign does not make an allocator known whole', () => {
    const { functions, layout } = inspect(packaged('sql.js/dist/sql-wasm-debug.wasm').bytes).allocator;
    expect(functions.map((f) => `${f.role.role} by ${f.how}`)).toContain('memalign by export');
    expect(layout).toBe('behind');
  });

  test('esbuild has no allocator like C, and none is found', () => {
    expect(found(packaged('esbuild-wasm/esbuild.wasm').bytes).size).toBe(0);
  });
});

const PROGRAM = `#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
  char *p = calloc(argc, 10), *q = aligned_alloc(64, 128 * argc);
  p = realloc(p, 1000 * argc);
  sprintf(p, "%s %p", argv[0], q);
  puts(p);
  free(p); free(q);
}`;

describe('C for WASI, stripped', () => {
  test.each(['-O0', '-O1', '-O2', '-O3', '-Os'])('%s', async (level) => {
    judge({ name: level, bytes: await compileC({ file: 'a.c', source: PROGRAM, flags: [level] }) });
  });
});
