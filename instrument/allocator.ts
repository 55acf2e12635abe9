// Which functions of a module are its allocator: by option, by export, by a name of the JavaScript glue, by name, by what
// their bodies look like. Nothing is guessed: a name with the wrong signature is not the allocator, a probe run that fails
// turns it off, and what was not found is said by `wasan inspect`.

import { explainStub, findFamily } from './allocator-families.ts';
import { type Allocator, type AllocatorFunction, NOTHING } from './allocator-found.ts';
import { ALLOCATOR_ROLES, type AllocatorRole, rolesNamed, signatureFits } from './allocator-roles.ts';
import { bodyFunction, completeStripped } from './allocator-stripped.ts';
import { FeatureCache } from './body-features.ts';
import { type CallGraph, calledFrom } from './call-graph.ts';
import { InstrumentError } from './errors.ts';
import { findLoneFree } from './fingerprints/dlmalloc.ts';
import { forwardedTo } from './forwarding.ts';
import { isCollected, withKeptByName } from './kept-by-name.ts';
import type { Probe } from './probe-module.ts';
import { KIND, type Module } from './wasm/module.ts';
import { functionNames } from './wasm/names.ts';

/** `--allocator role=function`: a role's name to a function name or index. */
export type AllocatorOptions = Readonly<Record<string, string>>;

export interface AllocatorSearch {
  readonly allocator?: AllocatorOptions | undefined;
  /** Export -> the name it has in the program's JavaScript (glue-names.ts). */
  readonly glueNames?: Readonly<Record<string, string>> | undefined;
  /** Tries out what was found in a stripped module. */
  readonly probe?: Probe | undefined;
}

/** Functions with a role, and names that have none because their type does not fit. */
interface Named {
  readonly found: readonly AllocatorFunction[];
  readonly rejected: readonly string[];
}

/** What options and names tell of. An option beats an export, an export beats the glue, and that a name. */
function namedFunctions(
  module: Module,
  names: ReadonlyMap<number, string>,
  { allocator: options = {}, glueNames = {} }: AllocatorSearch,
): Named {
  const found: AllocatorFunction[] = [];
  const rejected: string[] = [];
  const taken = new Set<number>();
  const add = (r: AllocatorRole, func: number, how: AllocatorFunction['how'], name: string) => {
    if (taken.has(func) || func < module.importedFunctions) return;
    if (!signatureFits(module, func, r)) {
      rejected.push(`${name} (as ${r.role})`);
      return;
    }
    taken.add(func);
    found.push({ role: r, func, how, name });
  };
  for (const [roleName, target] of Object.entries(options)) addOption(module, names, roleName, target, add);
  const exports = module.exports.filter((e) => e.kind === KIND.FUNC);
  const addNamed = (func: number, spelt: string, how: AllocatorFunction['how'], name = spelt) => {
    const roles = rolesNamed(spelt);
    const fitting = roles.filter((r) => signatureFits(module, func, r));
    for (const r of fitting.length > 0 ? fitting : roles.slice(0, 1)) add(r, func, how, name);
  };
  for (const { name, index } of exports) addNamed(index, name, 'export');
  const glue = new Map(Object.entries(glueNames));
  for (const { name, index } of exports) addNamed(index, glue.get(name) ?? '', 'glue', name);
  for (const [index, name] of names) addNamed(index, name, 'name');
  if (names.size === 0) for (const f of [...found]) addForwarded(module, f, add);
  return { found, rejected };
}

/** Finds the allocator: by options and names, else by its bodies. */
export function findAllocator(module: Module, graph: CallGraph, search: AllocatorSearch = {}): Allocator {
  const { probe } = search;
  const names = functionNames(module);
  const { found, rejected } = namedFunctions(module, names, search);
  const features = new FeatureCache(module, graph);
  const family = found.some((f) => f.how === 'option') ? undefined : findFamily(module, features, probe);
  if (family) return { ...NOTHING, ...family, ...besideCollected(module, graph, family.functions, found), rejected };
  // Without names, what called operator delete may call free: it was inlined. The operators then are callers of malloc.
  const known = names.size > 0 ? found : found.filter((f) => f.how === 'option' || !f.role.role.startsWith('operator'));
  const functions = withoutLoneFragments(known);
  // With function names, every relative of malloc is named too. Without, it must be told by its body; and where malloc was
  // merged with a function of another name (operator new).
  if (
    (names.size > 0 && functions.length > 0) ||
    functions.some((f) => !f.role.original.match(C_FAMILY) && f.role.original !== '')
  ) {
    const confidence = functions.length > 0 ? 'high' : 'none';
    return { ...NOTHING, functions, rejected, confidence, ...withKeptByName(functions, names) };
  }
  const operators = found.filter((f) => !known.includes(f));
  const stripped = completeStripped(module, { found: known, operators }, features, probe);
  const functionsLeft = withoutLoneFragments(stripped.functions, stripped.layout === 'behind');
  if (functionsLeft.length === 0) {
    const releasing = releasesOnly(module, features, found);
    if (releasing) return { ...NOTHING, ...releasing, rejected };
  }
  const refused = stripped.refused ?? (functionsLeft.length > 0 ? undefined : explainStub(module, features));
  const kept = [...stripped.kept, ...withKeptByName([], names).kept];
  return { ...NOTHING, ...stripped, kept, functions: functionsLeft, refused, rejected };
}

/**
 * C's malloc on a collected heap, if something names it. What a command exports calls the function of that name, which the
 * program calls, and destructors.
 */
function besideCollected(
  module: Module,
  { callees }: CallGraph,
  collected: readonly AllocatorFunction[],
  found: readonly AllocatorFunction[],
): Partial<Allocator> {
  if (!collected.some((f) => isCollected(f.role.role))) return {};
  const known = new Set([...found, ...collected].map((f) => f.func));
  const behind = found.flatMap(({ role, func, how }) => {
    const fits = callees[func]!.filter((f) => signatureFits(module, f, role));
    const [inner] = fits;
    if (fits.length !== 1 || callees[func]!.length > WITH_DESTRUCTORS || known.has(inner!)) return [];
    return [{ role, func: inner!, how, name: `function ${inner}` }];
  });
  const functions = withoutLoneFragments([...found, ...behind, ...collected]);
  return { functions, layout: functions.length === collected.length ? 'behind' : 'around' };
}

const WITH_DESTRUCTORS = 2;

/** In a program that allocates nothing: its free, by name or by body, and what calls it by the names of operator delete. */
function releasesOnly(
  module: Module,
  features: FeatureCache,
  found: readonly AllocatorFunction[],
): Pick<Allocator, 'functions' | 'evidence' | 'confidence'> | undefined {
  const named = found.filter(({ role: r }) => r.original === 'free' || r.role.startsWith('operator delete'));
  if (named.length < found.length) return undefined;
  const free = findLoneFree(module, features);
  if (free === undefined || named.some((f) => !calledFrom(features.graph, [f.func]).has(free))) return undefined;
  const functions = named.length > 0 ? named : [bodyFunction('free', free)];
  const evidence = [`nothing else touches the state of free ${free}: no block is ever handed out`];
  return { functions, evidence, confidence: 'high' };
}

const C_FAMILY = /^(malloc|free|realloc|memalign|usable_size)$/;

type Add = (r: AllocatorRole, func: number, how: AllocatorFunction['how'], name: string) => void;

function addOption(
  module: Module,
  names: ReadonlyMap<number, string>,
  roleName: string,
  target: string,
  add: Add,
): void {
  const r = ALLOCATOR_ROLES.find((x) => x.role === roleName);
  if (!r) throw new InstrumentError('E_NO_ALLOCATOR', `there is no role "${roleName}"`);
  const func = resolveFunction(module, names, target);
  if (func === undefined) throw new InstrumentError('E_NO_ALLOCATOR', `${roleName}=${target}`);
  if (!signatureFits(module, func, r)) throw new InstrumentError('E_ALLOCATOR_SIGNATURE', `${roleName}=${target}`);
  add(r, func, 'option', target);
}

/** What an exported malloc passes its argument on to is what the program itself calls. */
function addForwarded(module: Module, { role, func, how }: AllocatorFunction, add: Add): void {
  if (!C_ROLE.test(role.role)) return;
  const behind = forwardedTo(module, func);
  if (behind !== undefined) add(role, behind, how, `function ${behind}`);
}

const C_ROLE = /^(?!operator|__|tlsf)/;

function resolveFunction(module: Module, names: ReadonlyMap<number, string>, target: string): number | undefined {
  if (/^\d+$/.test(target)) {
    const index = Number(target);
    return index >= module.importedFunctions && index < module.functions.length ? index : undefined;
  }
  const exported = module.exports.find((e) => e.kind === KIND.FUNC && e.name === target);
  if (exported) return exported.index;
  for (const [index, name] of names) if (name === target) return index;
  return undefined;
}

/**
 * A family works only if what it allocates can be released: without both ends it is left alone. The exception is a C
 * program that never releases anything, and so cannot miss the other end: no `free`, no `realloc`. (One that never allocates:
 * releasesOnly.) `calloc` without `malloc` cannot be wrapped, because the wrappers build on the original malloc. wasm-bindgen's
 * exports alone are no family unless an option says so: Rust code releases with __rust_dealloc what JavaScript allocated
 * through them.
 */
function withoutLoneFragments(found: readonly AllocatorFunction[], behind = false): AllocatorFunction[] {
  const has = (original: string) => found.some((f) => f.role.original === original);
  const neverReleases = !found.some((f) => f.role.role === 'realloc' || f.role.role === 'reallocarray');
  const c = (has('malloc') || (behind && has('memalign'))) && (has('free') || neverReleases);
  const cpp = c || found.some((f) => f.role.original === 'operator_new');
  const rust = has('rust_alloc') && has('rust_dealloc');
  const assemblyscript = has('as_allocate_block') && has('as_insert_block');
  return found.filter(({ role: r, how }) => {
    if (r.role.startsWith('operator')) return c && cpp;
    if (r.role.startsWith('__rust')) return rust;
    if (r.role.startsWith('__wbindgen')) return how === 'option';
    if (r.role.startsWith('tlsf')) return assemblyscript;
    if (isCollected(r.role)) return true;
    return c;
  });
}
