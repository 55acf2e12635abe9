// Which functions of a module are its allocator: by option, by export, by name, by what their bodies look like. Nothing is
// guessed: a name with the wrong signature is not the allocator, a family that cannot be told whole is left alone, and what
// was not found is said by `wasan inspect`.

import { InstrumentError } from './errors.ts';
import { fingerprint } from './fingerprint.ts';
import { functionNames, KIND, type Module, pointerType } from './wasm/module.ts';
import { TYPE } from './wasm/opcodes.ts';

/** One member of an allocator family and the runtime function that takes its place. */
export interface AllocatorRole {
  readonly role: string;
  /** Names it goes by: plain strings match whole names, expressions are for mangled ones. */
  readonly names: readonly (string | RegExp)[];
  /** p = program pointer or size_t, i = i32. */
  readonly params: string;
  readonly result: '' | 'p' | 'i';
  /** Export of the runtime that replaces it. */
  readonly wrapper: string;
  /** Import of the runtime ("program" module) that is bound to the original; '' if the wrapper needs none. */
  readonly original: string;
}

const role = (
  name: string,
  names: readonly (string | RegExp)[],
  params: string,
  result: '' | 'p' | 'i',
  wrapper: string,
  original = '',
): AllocatorRole => ({ role: name, names, params, result, wrapper, original });

/** Every role. The order is the order of `wasan inspect`. */
export const ALLOCATOR_ROLES: readonly AllocatorRole[] = [
  role('malloc', ['malloc', 'dlmalloc', '__libc_malloc', 'emscripten_builtin_malloc', 'emmalloc_malloc', 'mi_malloc', 'napi_wasm_malloc'], 'p', 'p', 'asan_malloc', 'malloc'),
  role('free', ['free', 'dlfree', '__libc_free', 'emscripten_builtin_free', 'emmalloc_free', 'mi_free', 'cfree'], 'p', '', 'asan_free', 'free'),
  role('calloc', ['calloc', 'dlcalloc', '__libc_calloc', 'emscripten_builtin_calloc', 'emmalloc_calloc', 'mi_calloc'], 'pp', 'p', 'asan_calloc'),
  role('realloc', ['realloc', 'dlrealloc', '__libc_realloc', 'emscripten_builtin_realloc', 'emmalloc_realloc', 'mi_realloc'], 'pp', 'p', 'asan_realloc'),
  role('reallocarray', ['reallocarray'], 'ppp', 'p', 'asan_reallocarray'),
  role('memalign', ['memalign', 'dlmemalign', '__libc_memalign', 'emscripten_builtin_memalign', 'emmalloc_memalign'], 'pp', 'p', 'asan_memalign'),
  role('aligned_alloc', ['aligned_alloc', 'emmalloc_aligned_alloc'], 'pp', 'p', 'asan_aligned_alloc'),
  role('posix_memalign', ['posix_memalign', 'dlposix_memalign', 'emmalloc_posix_memalign'], 'ppp', 'i', 'asan_posix_memalign'),
  role('malloc_usable_size', ['malloc_usable_size', 'dlmalloc_usable_size', 'emmalloc_usable_size', 'mi_usable_size'], 'p', 'p', 'asan_malloc_usable_size'),
  role('operator new', ['_Znwm', '_Znwj', 'operator new(unsigned long)', 'operator new(unsigned int)'], 'p', 'p', 'asan_new', 'operator_new'),
  role('operator new[]', ['_Znam', '_Znaj', 'operator new[](unsigned long)', 'operator new[](unsigned int)'], 'p', 'p', 'asan_new_array'),
  role('operator new nothrow', ['_ZnwmRKSt9nothrow_t', '_ZnwjRKSt9nothrow_t'], 'pp', 'p', 'asan_new_nothrow'),
  role('operator new[] nothrow', ['_ZnamRKSt9nothrow_t', '_ZnajRKSt9nothrow_t'], 'pp', 'p', 'asan_new_array_nothrow'),
  role('operator new aligned', ['_ZnwmSt11align_val_t', '_ZnwjSt11align_val_t'], 'pp', 'p', 'asan_new_aligned'),
  role('operator new[] aligned', ['_ZnamSt11align_val_t', '_ZnajSt11align_val_t'], 'pp', 'p', 'asan_new_array_aligned'),
  role('operator delete', ['_ZdlPv', 'operator delete(void*)'], 'p', '', 'asan_delete'),
  role('operator delete[]', ['_ZdaPv', 'operator delete[](void*)'], 'p', '', 'asan_delete_array'),
  role('operator delete sized', ['_ZdlPvm', '_ZdlPvj', 'operator delete(void*, unsigned long)', 'operator delete(void*, unsigned int)'], 'pp', '', 'asan_delete_sized'),
  role('operator delete[] sized', ['_ZdaPvm', '_ZdaPvj', 'operator delete[](void*, unsigned long)', 'operator delete[](void*, unsigned int)'], 'pp', '', 'asan_delete_array_sized'),
  role('operator delete aligned', ['_ZdlPvSt11align_val_t'], 'pp', '', 'asan_delete_aligned'),
  role('operator delete[] aligned', ['_ZdaPvSt11align_val_t'], 'pp', '', 'asan_delete_array_aligned'),
  role('operator delete sized aligned', ['_ZdlPvmSt11align_val_t', '_ZdlPvjSt11align_val_t'], 'ppp', '', 'asan_delete_sized_aligned'),
  role('operator delete[] sized aligned', ['_ZdaPvmSt11align_val_t', '_ZdaPvjSt11align_val_t'], 'ppp', '', 'asan_delete_array_sized_aligned'),
  role('__rust_alloc', rustNames('__rust_alloc', '__rdl_alloc'), 'pp', 'p', 'asan_rust_alloc', 'rust_alloc'),
  role('__rust_dealloc', rustNames('__rust_dealloc', '__rdl_dealloc'), 'ppp', '', 'asan_rust_dealloc', 'rust_dealloc'),
  role('__rust_realloc', rustNames('__rust_realloc', '__rdl_realloc'), 'pppp', 'p', 'asan_rust_realloc'),
  role('__rust_alloc_zeroed', rustNames('__rust_alloc_zeroed', '__rdl_alloc_zeroed'), 'pp', 'p', 'asan_rust_alloc_zeroed'),
  role('__wbindgen_malloc', ['__wbindgen_malloc', '__wbindgen_export_0'], 'pp', 'p', 'asan_wbindgen_malloc', 'wbindgen_malloc'),
  role('__wbindgen_realloc', ['__wbindgen_realloc', '__wbindgen_export_1'], 'pppp', 'p', 'asan_wbindgen_realloc'),
  role('__wbindgen_free', ['__wbindgen_free', '__wbindgen_export_2'], 'ppp', '', 'asan_wbindgen_free', 'wbindgen_free'),
  role('tlsf alloc', ['~lib/rt/tlsf/__alloc', '~lib/rt/__alloc'], 'p', 'p', 'asan_as_alloc', 'as_alloc'),
  role('tlsf realloc', ['~lib/rt/tlsf/__realloc', '~lib/rt/__realloc'], 'pp', 'p', 'asan_as_realloc'),
  role('tlsf free', ['~lib/rt/tlsf/__free', '~lib/rt/__free'], 'p', '', 'asan_as_free', 'as_free'),
]; // biome-ignore format: a table

/** Rust's shims: plain, legacy-mangled and v0-mangled (`_RNvCs..._7___rustc12___rust_alloc`). */
function rustNames(...names: string[]): (string | RegExp)[] {
  return names.flatMap((n) => [n, new RegExp(`^_R.*\\d_?${n}$`), new RegExp(`^__rustc(\\[[0-9a-f]+\\])?::${n}$`)]);
}

/** A function found to play a role, and how it was found. */
export interface AllocatorFunction {
  readonly role: AllocatorRole;
  readonly func: number;
  readonly how: 'option' | 'export' | 'name' | 'body';
  readonly name: string;
}

export interface Allocator {
  readonly functions: readonly AllocatorFunction[];
  /** Names that matched with a signature that did not: not used, but worth telling. */
  readonly rejected: readonly string[];
  /** What spoke for the functions found by their bodies. */
  readonly evidence: readonly string[];
  /** Set if an allocator was seen but is left alone: the reason. */
  readonly refused: string | undefined;
}

/** `--allocator role=function`: a role's name to a function name or index. */
export type AllocatorOptions = Readonly<Record<string, string>>;

/** Finds the allocator. An option beats an export, an export beats a name. */
export function findAllocator(module: Module, options: AllocatorOptions = {}): Allocator {
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
  const names = functionNames(module);
  for (const [roleName, target] of Object.entries(options)) addOption(module, names, roleName, target, add);
  const exports = module.exports.filter((e) => e.kind === KIND.FUNC);
  for (const { name, index } of exports) for (const r of rolesNamed(name)) add(r, index, 'export', name);
  for (const [index, name] of names) for (const r of rolesNamed(name)) add(r, index, 'name', name);
  const functions = withoutLoneFragments(found);
  // With function names, every relative of malloc is named too. Without, it must be told by its body.
  if (names.size > 0 || functions.some((f) => !f.role.original.match(C_FAMILY) && f.role.original !== '')) {
    return { functions, rejected, evidence: [], refused: undefined };
  }
  return completeByBody(module, found, rejected);
}

const C_FAMILY = /^(malloc|free)$/;

/**
 * A stripped module: exports name some of the C family at best. The rest is told by their bodies. If that fails the family
 * is left alone, because an unseen realloc would misread the pointers a wrapped malloc returns; an option overrules.
 */
function completeByBody(module: Module, found: readonly AllocatorFunction[], rejected: readonly string[]): Allocator {
  const known = new Map(found.map((f) => [f.role.role, f.func]));
  const { roles, evidence, refused } = fingerprint(module, known);
  const byBody = [...roles].filter(([name]) => !known.has(name)).map(([name, func]) => bodyFunction(name, func));
  const functions = withoutLoneFragments([...found, ...byBody]);
  const overruled = found.some((f) => f.how === 'option');
  const whole = functions.some((f) => f.role.role === 'realloc');
  if (functions.length === 0 || (whole && refused === undefined) || overruled) {
    return { functions, rejected, evidence, refused: undefined };
  }
  const reason = refused ?? 'malloc and free are exported, but which function is realloc cannot be told';
  return { functions: [], rejected, evidence, refused: reason };
}

function bodyFunction(roleName: string, func: number): AllocatorFunction {
  const r = ALLOCATOR_ROLES.find((x) => x.role === roleName)!;
  return { role: r, func, how: 'body', name: `function ${func}` };
}

type Add = (r: AllocatorRole, func: number, how: AllocatorFunction['how'], name: string) => void;

function addOption(module: Module, names: Map<number, string>, roleName: string, target: string, add: Add): void {
  const r = ALLOCATOR_ROLES.find((x) => x.role === roleName);
  if (!r) throw new InstrumentError('E_NO_ALLOCATOR', `there is no role "${roleName}"`);
  const func = resolveFunction(module, names, target);
  if (func === undefined) throw new InstrumentError('E_NO_ALLOCATOR', `${roleName}=${target}`);
  if (!signatureFits(module, func, r)) throw new InstrumentError('E_ALLOCATOR_SIGNATURE', `${roleName}=${target}`);
  add(r, func, 'option', target);
}

function resolveFunction(module: Module, names: Map<number, string>, target: string): number | undefined {
  if (/^\d+$/.test(target)) {
    const index = Number(target);
    return index >= module.importedFunctions && index < module.functions.length ? index : undefined;
  }
  const exported = module.exports.find((e) => e.kind === KIND.FUNC && e.name === target);
  if (exported) return exported.index;
  for (const [index, name] of names) if (name === target) return index;
  return undefined;
}

/** The roles a name stands for. */
function rolesNamed(name: string): AllocatorRole[] {
  return ALLOCATOR_ROLES.filter((r) => r.names.some((n) => (typeof n === 'string' ? n === name : n.test(name))));
}

function signatureFits(module: Module, func: number, r: AllocatorRole): boolean {
  const pointer = pointerType(module);
  const expand = (codes: string) => [...codes].map((c) => (c === 'p' ? pointer : TYPE.I32));
  const type = module.types[module.functions[func]!];
  return !!type && type.params.join() === expand(r.params).join() && type.results.join() === expand(r.result).join();
}

/**
 * A family works only if what it allocates can be released: without both ends it is left alone. The exception is a C
 * program that never releases anything, and so cannot miss the other end: no `free`, no `realloc`. `calloc` without
 * `malloc` cannot be wrapped, because the wrappers build on the original malloc.
 */
function withoutLoneFragments(found: AllocatorFunction[]): AllocatorFunction[] {
  const has = (original: string) => found.some((f) => f.role.original === original);
  const neverReleases = !found.some((f) => f.role.role === 'realloc' || f.role.role === 'reallocarray');
  const c = has('malloc') && (has('free') || neverReleases);
  const cpp = c || found.some((f) => f.role.original === 'operator_new');
  const rust = has('rust_alloc') && has('rust_dealloc');
  const wbindgen = has('wbindgen_malloc') && has('wbindgen_free');
  const assemblyscript = has('as_alloc') && has('as_free');
  return found.filter(({ role: r }) => {
    if (r.role.startsWith('operator')) return c && cpp;
    if (r.role.startsWith('__rust')) return rust;
    if (r.role.startsWith('__wbindgen')) return wbindgen && !rust && !c;
    if (r.role.startsWith('tlsf')) return assemblyscript;
    return c;
  });
}
