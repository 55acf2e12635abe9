// Which functions of a module are mmap and its family: defined (wasi-libc's emulation, Emscripten's) or imported under
// these names. Calls to them go to the runtime's areas (runtime/vma-bound.ts); the originals stay for files.

import { KIND, type Module, pointerType } from './wasm/module.ts';
import { functionNames } from './wasm/names.ts';
import { TYPE } from './wasm/opcodes.ts';

interface MappingRole {
  readonly names: readonly string[];
  /** p = pointer or size_t, i = i32, l = i64. */
  readonly params: string;
  readonly result: 'p' | 'i';
  /** Export of the runtime that takes its place. */
  readonly wrapper: string;
  /** Import of the runtime ("program" module) that is bound to the original; '' if the wrapper needs none. */
  readonly original: string;
}

const ROLES: readonly MappingRole[] = [
  { names: ['mmap', '__mmap'], params: 'ppiiil', result: 'p', wrapper: '__sanitizer_mmap', original: 'mmap' },
  { names: ['munmap', '__munmap'], params: 'pp', result: 'i', wrapper: '__sanitizer_munmap', original: 'munmap' },
  { names: ['mprotect', '__mprotect'], params: 'ppi', result: 'i', wrapper: '__sanitizer_mprotect', original: '' },
  { names: ['madvise', '__madvise'], params: 'ppi', result: 'i', wrapper: '__sanitizer_madvise', original: '' },
  { names: ['mremap', '__mremap'], params: 'pppip', result: 'p', wrapper: 'vma_mremap_variadic', original: '' },
];

const BY_NAME = new Map(ROLES.flatMap((role) => role.names.map((name) => [name, role] as const)));

/** Imports that wasan_vma.h declares: the linker binds them by name. */
const DECLARED = /^__sanitizer_(mmap|munmap|mprotect|madvise|mremap|vmalloc|vrealloc|vfree|vma_errno|vma_policy)$/;

export interface Mappings {
  /** Defined function -> the runtime's export that calls to it go to. */
  readonly redirects: ReadonlyMap<number, string>;
  /** Imported function -> the runtime's export it is bound to: the import disappears. */
  readonly bound: ReadonlyMap<number, string>;
  /** The runtime's import of module "program" -> defined function. */
  readonly originals: ReadonlyMap<string, number>;
  /** Every function that maps or unmaps, those of wasan_vma.h included: calls to them are recorded. */
  readonly functions: readonly number[];
}

/**
 * Finds the family. Without an mmap nothing is bound: what the others would work on is not ours. Nor is it where threads
 * share the memory: the areas have no lock.
 */
export function findMappings(module: Module): Mappings {
  const roles = new Map<number, MappingRole>();
  const add = (name: string, func: number) => {
    const role = BY_NAME.get(name);
    if (role && !roles.has(func) && signatureFits(module, func, role)) roles.set(func, role);
  };
  const imports = module.imports.filter((each) => each.kind === KIND.FUNC);
  for (const entry of imports) add(entry.name, entry.index);
  for (const entry of module.exports) if (entry.kind === KIND.FUNC) add(entry.name, entry.index);
  for (const [index, name] of functionNames(module)) add(name, index);
  const declared = imports.filter((each) => DECLARED.test(each.name));
  const shared = module.memories.some((m) => m.shared);
  if (shared || ![...roles.values()].some((role) => role.original === 'mmap')) roles.clear();
  const found = [...roles];
  const isImport = (func: number) => func < module.importedFunctions;
  const wrappers = (wanted: boolean) =>
    new Map(found.filter(([func]) => isImport(func) === wanted).map(([func, role]) => [func, role.wrapper]));
  const originals = found.filter(([func, role]) => !isImport(func) && role.original !== '');
  return {
    redirects: wrappers(false),
    bound: new Map([...wrappers(true), ...declared.map((each) => [each.index, each.name] as const)]),
    originals: new Map(originals.reverse().map(([func, role]) => [role.original, func])),
    functions: [...roles.keys(), ...declared.filter((each) => !/_vma_/.test(each.name)).map((each) => each.index)],
  };
}

function signatureFits(module: Module, func: number, role: MappingRole): boolean {
  const codes = { p: pointerType(module), i: TYPE.I32, l: TYPE.I64 };
  const expand = (text: string) => [...text].map((code) => codes[code as keyof typeof codes]).join();
  const type = module.types[module.functions[func]!];
  return (
    type !== undefined && type.params.join() === expand(role.params) && type.results.join() === expand(role.result)
  );
}
