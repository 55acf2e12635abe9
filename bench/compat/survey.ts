// How well is the allocator of a module found when nothing names it? Each module is stripped by hand and searched; its
// names, the ones in its JavaScript, and what wasm-bindgen's exports lead to tell whether what was found is right.

import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { probeAllocator } from '../../host/probe.ts';
import { findAllocator } from '../../instrument/allocator.ts';
import { ALLOCATOR_ROLES, type AllocatorRole, rolesNamed, signatureFits } from '../../instrument/allocator-roles.ts';
import { buildCallGraph, type CallGraph } from '../../instrument/call-graph.ts';
import { glueNames } from '../../instrument/glue-names.ts';
import { KIND, type Module, parseModule } from '../../instrument/wasm/module.ts';
import { functionNames } from '../../instrument/wasm/names.ts';
import { strip } from '../../test/allocator/strip.ts';

export type Verdict =
  /** malloc and free found, and everything found is what its name says. */
  | 'right'
  /** Something found is something else. */
  | 'wrong'
  /** A malloc and a free that a probe run confirms, but not the ones that the names mean: there are two allocators. */
  | 'another'
  /** Found, and a probe run confirms it, but nothing names it. */
  | 'confirmed'
  /** Known for what it is, and not watched: the reason is in `refused`. */
  | 'left'
  /** Names or what is known of the toolchain tell of malloc and free, and they were not found. */
  | 'missed'
  /** Nothing tells of an allocator, and none was found. */
  | 'none';

export interface Surveyed {
  readonly name: string;
  readonly bytes: number;
  readonly verdict: Verdict;
  /** Roles that were found. */
  readonly roles: readonly string[];
  readonly layout: 'around' | 'behind' | undefined;
  readonly confidence: string;
  /** Found with everything the package has: exports, JavaScript, names. */
  readonly asShipped: string;
  /** Why what was seen is left alone. */
  readonly refused: string | undefined;
  /** What was found and is something else. */
  readonly mistakes: readonly string[];
}

export interface Known {
  /** The JavaScript that may name minified exports. */
  readonly scripts?: readonly string[];
  /** There is an allocator, whether anything names it or not. */
  readonly hasAllocator?: boolean;
}

/** What takes and what gives back, one pair for each kind of allocator; where blocks are collected, nothing gives back. */
const PAIRS = [
  ['malloc', 'free'],
  ['memalign', 'free'],
  ['__rust_alloc', '__rust_dealloc'],
  ['tlsf allocate block', 'tlsf insert block'],
  ['tinygo alloc'],
  ['tinygo alloc by size'],
];
/** What AssemblyScript calls the functions that its wrappers stand for: no role has these names, because bodies are enough. */
const TLSF = ['allocate', 'insert', 'remove', 'prepare', 'move'].map(
  (verb) => [`~lib/rt/tlsf/${verb}Block`, `tlsf ${verb} block`] as const,
);

export function survey(name: string, bytes: Uint8Array, { scripts = [], hasAllocator = false }: Known = {}): Surveyed {
  const glue = Object.assign({}, ...scripts.map((text) => glueNames(bytes, text))) as Record<string, string>;
  const module = parseModule(bytes);
  const truth = new Truth(module, { ...glue, ...bindgenNames(scripts) });
  const stripped = parseModule(strip(bytes));
  const found = findAllocator(stripped, buildCallGraph(stripped), { probe: probeAllocator });
  const shipped = findAllocator(module, truth.graph, { probe: probeAllocator, glueNames: glue });
  const roles = found.functions.map((f) => f.role.role);
  const mistakes = [...found.functions, ...found.kept.filter((f) => f.how !== 'body')].flatMap(({ role, func }) =>
    truth.denies(role.role, func) ? [`${role.role} is not function ${func}`] : [],
  );
  const isFound = PAIRS.some((pair) => pair.every((role) => roles.includes(role)));
  const isNamed = PAIRS.some((pair) => pair.every((role) => truth.knows(role)));
  const denied = found.functions.filter((f) => truth.denies(f.role.role, f.func));
  const isPairDenied = PAIRS.some((pair) => pair.every((role) => denied.some((f) => f.role.role === role)));
  const isAnother = found.confidence === 'high' && isPairDenied && truth.knowsNothingOf(denied.map((f) => f.func));
  const ifFound = mistakes.length === 0 ? (isNamed ? 'right' : 'confirmed') : isAnother ? 'another' : 'wrong';
  return {
    ...{ name, bytes: bytes.length, roles, mistakes },
    verdict:
      isFound || mistakes.length > 0 ? ifFound : found.refused ? 'left' : isNamed || hasAllocator ? 'missed' : 'none',
    refused: isFound ? undefined : found.refused,
    layout: isFound ? found.layout : undefined,
    confidence: found.confidence,
    asShipped: shipped.functions.length === 0 ? 'none' : shipped.layout,
  };
}

/** The scripts of a module's package that are called like it, or else those beside it. Bundles name everything and nothing. */
export function scriptsOf(path: string, folder: string): string[] {
  const stem = basename(path, extname(path));
  const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[cm]?js$/.test(file) && !file.includes('node_modules'))
    .map((file) => join(folder, file));
  const own = scripts.filter((file) => basename(file, extname(file)) === stem);
  const near = scripts.filter((file) => dirname(file) === dirname(path));
  return (own.length > 0 ? own : near)
    .map((file) => readFileSync(file, 'utf8'))
    .filter((text) => text.length < LONGEST);
}

const LONGEST = 4 << 20;

/**
 * What exports were called that newer wasm-bindgen numbers as it comes to them (__wbindgen_export2): its JavaScript hands malloc
 * to what copies a string, and tells free how large an element is.
 */
function bindgenNames(scripts: readonly string[]): Record<string, string> {
  const names: Record<string, string> = {};
  for (const text of scripts) {
    for (const [, name] of text.matchAll(PASSED)) names[name!] = '__wbindgen_malloc';
    for (const [, name] of text.matchAll(RELEASED)) names[name!] = '__wbindgen_free';
  }
  return names;
}

const PASSED = /\bpassStringToWasm0\([^;]*?, wasm\.(__wbindgen_export\w*), wasm\.__wbindgen_export\w*\)/g;
const RELEASED = /\bwasm\.(__wbindgen_export\w*)\(\w+, \w+(?: \* \d+)?, \d+\)/g;

/** Which function plays which role, as far as anything names it. */
class Truth {
  readonly graph: CallGraph;
  private readonly module: Module;
  private readonly members = new Map<string, Set<number>>();

  constructor(module: Module, glue: Readonly<Record<string, string>>) {
    this.module = module;
    this.graph = buildCallGraph(module);
    const exported = module.exports.filter((e) => e.kind === KIND.FUNC);
    const named = [
      ...exported.flatMap((e) => [[e.index, e.name] as const, [e.index, glue[e.name] ?? ''] as const]),
      ...functionNames(module),
    ];
    for (const [func, name] of named) for (const role of rolesNamed(name)) this.add(role, func);
    for (const [func, name] of named) {
      const role = TLSF.find(([tlsf]) => tlsf === name)?.[1];
      if (role) this.members.set(role, new Set([func]));
    }
    // wasm-bindgen's exports call what Rust calls: which of the functions below them it is, their signatures tell.
    for (const [func, name] of named) {
      if (name === '__wbindgen_malloc' || name === 'napi_wasm_malloc') this.addBelow(['malloc', '__rust_alloc'], func);
      if (name === '__wbindgen_free') this.addBelow(['free', '__rust_dealloc'], func);
    }
  }

  knows(role: string): boolean {
    return (this.members.get(role)?.size ?? 0) > 0;
  }

  denies(role: string, func: number): boolean {
    return this.knows(role) && !this.members.get(role)!.has(func);
  }

  /** None of these has a name that means any role. */
  knowsNothingOf(functions: readonly number[]): boolean {
    return functions.every((func) => [...this.members.values()].every((members) => !members.has(func)));
  }

  /** A member, and what it merely passes its arguments on to: an exported malloc calls the one that the program uses. */
  private add(role: AllocatorRole, func: number): void {
    if (func < this.module.importedFunctions || !signatureFits(this.module, func, role)) return;
    const members = this.members.get(role.role) ?? new Set();
    this.members.set(role.role, members);
    const type = (f: number) => this.module.functions[f];
    for (let all = [func]; all.length > 0; ) {
      const f = all.pop()!;
      if (members.has(f)) continue;
      members.add(f);
      all = [...all, ...this.graph.callees[f]!.filter((callee) => type(callee) === type(f))];
    }
  }

  private addBelow(roles: readonly string[], root: number): void {
    const seen = new Set<number>([root]);
    for (const f of seen) for (const callee of this.graph.callees[f] ?? []) seen.add(callee);
    for (const name of roles) {
      const role = ALLOCATOR_ROLES.find((r) => r.role === name)!;
      const fits = [...seen].filter((f) => f >= this.module.importedFunctions && signatureFits(this.module, f, role));
      this.members.set(name, new Set([...(this.members.get(name) ?? []), ...fits]));
    }
  }
}
