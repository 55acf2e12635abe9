// The generated programs, by class of bug: every scenario with a flow or two, so that each storage meets each element,
// access and flow.

import { readFileSync } from 'node:fs';
import type { BugClass } from '../classes.ts';
import {
  COPIES,
  copiesOf,
  doubleFrees,
  freesOfNonHeap,
  leaks,
  nullDereferences,
  overflowByCopy,
  overReadByCopy,
  type Scenario,
  sizeOfPointer,
  underReadByCopy,
  underwriteByCopy,
  unterminated,
  usesAfterFree,
  wrongIndex,
  wrongPointerFrees,
} from './bugs.ts';
import { CHAR, ELEMENTS, INT, INT64, PAIR, STORAGES, type Storage, WCHAR } from './elements.ts';
import { FLOWS, type Flow } from './flows.ts';

const HEADERS = { 'matrix.h': readFileSync(new URL('matrix.h', import.meta.url), 'utf8') };

interface Family {
  readonly name: string;
  readonly titles: readonly string[];
  readonly scenarios: readonly Scenario[];
}

/** A copy too far may come to lie over its own source, which is said first. */
const OVERLAPS = ['memcpy', 'strcpy', 'strncpy', 'strcat', 'strncat', 'wcscpy', 'wcsncpy', 'wcscat', 'wcsncat'];
const WRONG_PLACE = [
  ...['stack-buffer-overflow', 'stack-buffer-underflow', 'dynamic-stack-buffer-overflow'],
  ...['heap-buffer-overflow', 'global-buffer-overflow', 'SEGV'],
  ...OVERLAPS.map((name) => `${name}-param-overlap`),
];

const STACK = STORAGES.filter((s) => s.place === 'stack');
const HEAP = STORAGES.filter((s) => s.place === 'heap');
const STATIC = STORAGES.filter((s) => s.place === 'static');
const SIZES = { small: 50, large: 100 };
const BY_ONE = { small: 10, large: 11 };

function overflows(storages: readonly Storage[]): Scenario[] {
  return storages.flatMap((s) => [
    ...ELEMENTS.flatMap((e) => copiesOf(e).map((c) => overflowByCopy(e, s, c, SIZES))),
    ...[CHAR, WCHAR].flatMap((e) =>
      copiesOf(e)
        .filter((c) => !/n/.test(c.name))
        .map((c) => overflowByCopy(e, s, c, BY_ONE)),
    ),
    ...[CHAR, INT, INT64].map((e, i) => wrongIndex(e, s, 'write', 10, i)),
    ...(s.name === 'alloca' || s.name === 'malloc' ? [INT64, PAIR].map((e) => sizeOfPointer(e, s)) : []),
  ]);
}

/** Copies that read a given number of elements. */
const READING = COPIES.filter((c) => c.of === 'any');

function overReads(storages: readonly Storage[]): Scenario[] {
  return storages.flatMap((s) => [
    ...ELEMENTS.filter((e) => e.name !== 'pointer').flatMap((e) => READING.map((c) => overReadByCopy(e, s, c, SIZES))),
    ...[CHAR, INT, PAIR].map((e, i) => wrongIndex(e, s, 'read', 10, i)),
    unterminated(CHAR, s, 'print_line(data);'),
    unterminated(WCHAR, s, 'print_wide_line(data);'),
    unterminated(CHAR, s, 'print_int((int)strlen(data));'),
    unterminated(WCHAR, s, 'print_int((int)wcslen(data));'),
  ]);
}

function underwrites(storages: readonly Storage[]): Scenario[] {
  return storages.flatMap((s) => [
    ...[CHAR, WCHAR, INT].flatMap((e) => copiesOf(e).map((c) => underwriteByCopy(e, s, c))),
    ...[CHAR, INT, INT64].map((e, i) => wrongIndex(e, s, 'write', -5, i)),
  ]);
}

function underReads(storages: readonly Storage[]): Scenario[] {
  return storages.flatMap((s) => [
    ...[CHAR, WCHAR, INT].flatMap((e) =>
      copiesOf(e)
        .filter((c) => !/printf/.test(c.name))
        .map((c) => underReadByCopy(e, s, c)),
    ),
    ...[CHAR, INT, PAIR].map((e, i) => wrongIndex(e, s, 'read', -5, i)),
  ]);
}

const FAMILIES: readonly Family[] = [
  { name: 'stack-overflow', titles: WRONG_PLACE, scenarios: overflows(STACK) },
  { name: 'heap-overflow', titles: WRONG_PLACE, scenarios: overflows(HEAP) },
  { name: 'static-overflow', titles: WRONG_PLACE, scenarios: overflows(STATIC) },
  { name: 'underwrite', titles: WRONG_PLACE, scenarios: underwrites(STORAGES) },
  { name: 'over-read', titles: WRONG_PLACE, scenarios: overReads(STORAGES) },
  { name: 'under-read', titles: WRONG_PLACE, scenarios: underReads(STORAGES) },
  { name: 'leak', titles: ['leak'], scenarios: leaks() },
  { name: 'double-free', titles: ['double-free'], scenarios: doubleFrees() },
  { name: 'use-after-free', titles: ['heap-use-after-free'], scenarios: usesAfterFree() },
  { name: 'null-dereference', titles: ['SEGV', 'null-ptr-deref'], scenarios: nullDereferences() },
  { name: 'free-nonheap', titles: ['bad-free'], scenarios: freesOfNonHeap() },
  { name: 'wrong-pointer-free', titles: ['bad-free'], scenarios: wrongPointerFrees() },
];

interface Program {
  readonly name: string;
  readonly text: string;
}

function program(scenario: Scenario, flow: Flow): Program {
  const name = `${scenario.name}_${flow.name}`;
  const { type, initial, declare = '' } = scenario;
  const write = (half: 'bad' | 'good') => {
    const { make, use } = scenario[half];
    return flow.write({ name: `${half}_${name}`, type, initial, declare, make, use });
  };
  const text = `${scenario.global ?? ''}\n${write('bad')}\n${write('good')}\n`;
  return { name, text: text.replaceAll('NAME', name) };
}

/** Every class, in C and in C++, with `perScenario` flows for each scenario. */
export function generatedClasses(perScenario = 1): BugClass[] {
  return FAMILIES.flatMap((family) => [false, true].map((cpp) => bugClass(family, cpp, perScenario)));
}

function bugClass({ name, titles, scenarios }: Family, cpp: boolean, perScenario: number): BugClass {
  // What a global variable still points to is no leak.
  const flows = FLOWS.filter((f) => (cpp || !f.cpp) && (name !== 'leak' || f.name !== 'global_variable'));
  // C++ gets its own storages, and its own flows with every third of the others.
  const chosen = scenarios.filter((s, i) => (cpp ? s.cpp || i % 3 === 0 : !s.cpp));
  const programs = chosen.flatMap((scenario, i) =>
    Array.from({ length: perScenario }, (_, k) => {
      const usable = cpp && !scenario.cpp ? flows.filter((f) => f.cpp) : flows;
      return program(scenario, usable[(i * 7 + k) % usable.length]!);
    }),
  );
  const file = `${name}.${cpp ? 'cpp' : 'c'}`;
  return { ...sourceOf(file, programs), name: `${name}${cpp ? ' (C++)' : ''}`, file, titles, headers: HEADERS };
}

const SEPARATOR = '\n// ----\n';

function sourceOf(file: string, programs: readonly Program[]): Pick<BugClass, 'source' | 'cases'> {
  const includes = file.endsWith('.cpp') ? '#include <list>\n#include <map>\n#include <vector>\n' : '';
  return {
    source: [`#include "matrix.h"\n${includes}`, ...programs.map((p) => p.text)].join(SEPARATOR),
    cases: programs.map((p) => p.name),
  };
}

/** About `count` programs of a class, from its first to its last. */
export function sample(bugClass: BugClass, count: number): BugClass {
  const step = Math.max(1, Math.floor(bugClass.cases.length / count));
  return only(bugClass, (i) => i % step === 0);
}

/** All programs of a class, at most `size` to a module: every report reads the whole module's debug information. */
export function parts(bugClass: BugClass, size: number): BugClass[] {
  const count = Math.ceil(bugClass.cases.length / size);
  return Array.from({ length: count }, (_, part) => ({
    ...only(bugClass, (i) => i % count === part),
    name: `${bugClass.name}, part ${part + 1} of ${count}`,
  }));
}

function only(bugClass: BugClass, isChosen: (index: number) => boolean): BugClass {
  const texts = bugClass.source.split(SEPARATOR).slice(1);
  const programs = texts.map((text, i) => ({ text, name: bugClass.cases[i]! })).filter((_, i) => isChosen(i));
  return { ...bugClass, ...sourceOf(bugClass.file, programs) };
}
