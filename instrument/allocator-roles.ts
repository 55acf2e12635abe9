// The functions an allocator consists of: what they are called, their signatures, and what of the runtime replaces them.

import { type Module, pointerType } from './wasm/module.ts';
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

const PARAMETERS = {
  pointer: { mangled: 'Pv', text: 'void*' },
  align: { mangled: 'St11align_val_t', text: 'std::align_val_t' },
  nothrow: { mangled: 'RKSt9nothrow_t', text: 'std::nothrow_t const&' },
} as const;
type Parameter = keyof typeof PARAMETERS | 'size';

/** Every role. The order is the order of `wasan inspect`. */
export const ALLOCATOR_ROLES: readonly AllocatorRole[] = [
  role('malloc', ['malloc', 'dlmalloc', '__libc_malloc', 'emscripten_builtin_malloc', 'emmalloc_malloc', 'mi_malloc'], 'p', 'p', 'asan_malloc', 'malloc'),
  role('free', ['free', 'dlfree', '__libc_free', 'emscripten_builtin_free', 'emmalloc_free', 'mi_free', 'cfree'], 'p', '', 'asan_free', 'free'),
  role('calloc', ['calloc', 'dlcalloc', '__libc_calloc', 'emscripten_builtin_calloc', 'emmalloc_calloc', 'mi_calloc'], 'pp', 'p', 'asan_calloc'),
  role('realloc', ['realloc', 'dlrealloc', '__libc_realloc', 'emscripten_builtin_realloc', 'emmalloc_realloc', 'mi_realloc'], 'pp', 'p', 'asan_realloc', 'realloc'),
  role('reallocarray', ['reallocarray'], 'ppp', 'p', 'asan_reallocarray'),
  role('memalign', ['memalign', 'dlmemalign', '__libc_memalign', 'emscripten_builtin_memalign', 'emmalloc_memalign'], 'pp', 'p', 'asan_memalign', 'memalign'),
  role('aligned_alloc', ['aligned_alloc', 'emmalloc_aligned_alloc'], 'pp', 'p', 'asan_aligned_alloc'),
  role('posix_memalign', ['posix_memalign', 'dlposix_memalign', 'emmalloc_posix_memalign'], 'ppp', 'i', 'asan_posix_memalign'),
  role('malloc_usable_size', ['malloc_usable_size', 'dlmalloc_usable_size', 'emmalloc_usable_size', 'mi_usable_size'], 'p', 'p', 'asan_malloc_usable_size', 'usable_size'),
  role('operator new', operatorNames('new', 'size'), 'p', 'p', 'asan_new', 'operator_new'),
  role('operator new[]', operatorNames('new[]', 'size'), 'p', 'p', 'asan_new_array'),
  role('operator new nothrow', operatorNames('new', 'size', 'nothrow'), 'pp', 'p', 'asan_new_nothrow'),
  role('operator new[] nothrow', operatorNames('new[]', 'size', 'nothrow'), 'pp', 'p', 'asan_new_array_nothrow'),
  role('operator new aligned', operatorNames('new', 'size', 'align'), 'pp', 'p', 'asan_new_aligned'),
  role('operator new[] aligned', operatorNames('new[]', 'size', 'align'), 'pp', 'p', 'asan_new_array_aligned'),
  role('operator new aligned nothrow', operatorNames('new', 'size', 'align', 'nothrow'), 'ppp', 'p', 'asan_new_aligned_nothrow'),
  role('operator new[] aligned nothrow', operatorNames('new[]', 'size', 'align', 'nothrow'), 'ppp', 'p', 'asan_new_array_aligned_nothrow'),
  role('operator delete', operatorNames('delete', 'pointer'), 'p', '', 'asan_delete'),
  role('operator delete[]', operatorNames('delete[]', 'pointer'), 'p', '', 'asan_delete_array'),
  role('operator delete sized', operatorNames('delete', 'pointer', 'size'), 'pp', '', 'asan_delete_sized'),
  role('operator delete[] sized', operatorNames('delete[]', 'pointer', 'size'), 'pp', '', 'asan_delete_array_sized'),
  role('operator delete aligned', operatorNames('delete', 'pointer', 'align'), 'pp', '', 'asan_delete_aligned'),
  role('operator delete[] aligned', operatorNames('delete[]', 'pointer', 'align'), 'pp', '', 'asan_delete_array_aligned'),
  role('operator delete sized aligned', operatorNames('delete', 'pointer', 'size', 'align'), 'ppp', '', 'asan_delete_sized_aligned'),
  role('operator delete[] sized aligned', operatorNames('delete[]', 'pointer', 'size', 'align'), 'ppp', '', 'asan_delete_array_sized_aligned'),
  role('__rust_alloc', rustNames('__rust_alloc', '__rdl_alloc'), 'pp', 'p', 'asan_rust_alloc', 'rust_alloc'),
  role('__rust_dealloc', rustNames('__rust_dealloc', '__rdl_dealloc'), 'ppp', '', 'asan_rust_dealloc', 'rust_dealloc'),
  role('__rust_realloc', rustNames('__rust_realloc', '__rdl_realloc'), 'pppp', 'p', 'asan_rust_realloc'),
  role('__rust_alloc_zeroed', rustNames('__rust_alloc_zeroed', '__rdl_alloc_zeroed'), 'pp', 'p', 'asan_rust_alloc_zeroed'),
  role('dlmalloc-rs alloc', [], 'pp', 'p', 'asan_rust_alloc_behind', 'rust_alloc_behind'),
  role('__wbindgen_malloc', ['__wbindgen_malloc', '__wbindgen_export_0'], 'pp', 'p', 'asan_wbindgen_malloc', 'wbindgen_malloc'),
  role('__wbindgen_realloc', ['__wbindgen_realloc', '__wbindgen_export_1'], 'pppp', 'p', 'asan_wbindgen_realloc'),
  role('__wbindgen_free', ['__wbindgen_free', '__wbindgen_export_2'], 'ppp', '', 'asan_wbindgen_free', 'wbindgen_free'),
  role('tinygo alloc', ['runtime.alloc'], 'pp', 'p', 'asan_tinygo_alloc', 'tinygo_alloc'),
  role('tinygo alloc by size', ['runtime.alloc'], 'p', 'p', 'asan_tinygo_alloc_by_size', 'tinygo_alloc_by_size'),
  role('tlsf allocate block', [], 'pp', 'p', 'asan_as_allocate_block', 'as_allocate_block'),
  role('tlsf insert block', [], 'pp', '', 'asan_as_insert_block', 'as_insert_block'),
  role('tlsf remove block', [], 'pp', '', 'asan_as_remove_block', 'as_remove_block'),
  role('tlsf prepare block', [], 'ppp', '', 'asan_as_prepare_block', 'as_prepare_block'),
  role('tlsf move block', [], 'ppp', 'p', 'asan_as_move_block'),
]; // biome-ignore format: a table

/** An operator as symbols spell it, and as wasm-ld writes it into the name section: demangled. size_t is either integer. */
function operatorNames(operator: 'new' | 'new[]' | 'delete' | 'delete[]', ...parameters: Parameter[]): string[] {
  const code = { new: 'nw', 'new[]': 'na', delete: 'dl', 'delete[]': 'da' }[operator];
  const names = [
    { mangled: 'm', text: 'unsigned long' },
    { mangled: 'j', text: 'unsigned int' },
  ].flatMap((size) => {
    const spelt = parameters.map((p) => (p === 'size' ? size : PARAMETERS[p]));
    const list = spelt.map((p) => p.text).join(', ');
    return [`_Z${code}${spelt.map((p) => p.mangled).join('')}`, `operator ${operator}(${list})`];
  });
  return [...new Set(names)];
}

/** How the names begin that are told by an expression. */
const MANGLED_RUST = /^(_R|__rustc)/;

/** Rust's shims: plain, legacy-mangled and v0-mangled (`_RNvCs..._7___rustc12___rust_alloc`). */
function rustNames(...names: string[]): (string | RegExp)[] {
  return names.flatMap((n) => [n, new RegExp(`^_R.*\\d_?${n}$`), new RegExp(`^__rustc(\\[[0-9a-f]+\\])?::${n}$`)]);
}

const NONE: readonly AllocatorRole[] = [];
/** By whole name: a large C++ module exports tens of thousands of functions, and each of them is asked about. */
const BY_NAME = new Map<string, AllocatorRole[]>();
for (const r of ALLOCATOR_ROLES) {
  for (const name of r.names) {
    if (typeof name === 'string') BY_NAME.set(name, [...(BY_NAME.get(name) ?? []), r]);
  }
}

/** The roles a name stands for. */
export function rolesNamed(name: string): readonly AllocatorRole[] {
  const known = BY_NAME.get(name);
  if (known) return known;
  if (!MANGLED_RUST.test(name)) return NONE;
  return ALLOCATOR_ROLES.filter((r) => r.names.some((n) => typeof n !== 'string' && n.test(name)));
}

export function signatureFits(module: Module, func: number, r: AllocatorRole): boolean {
  const pointer = pointerType(module);
  const expand = (codes: string) => [...codes].map((c) => (c === 'p' ? pointer : TYPE.I32));
  const type = module.types[module.functions[func]!];
  return !!type && type.params.join() === expand(r.params).join() && type.results.join() === expand(r.result).join();
}
