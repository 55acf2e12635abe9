// Which functions of a module are the C library's memory and string functions: by export, by name, with their signature
// checked, and in a module without names by what they do (libc/by-body.ts). Calls to them from checked code are preceded by
// a check of the ranges they will touch (runtime/libc.ts); their own bodies, which fetch whole aligned words past the ends of
// strings, are then left alone.

import type { Edit } from './plan.ts';
import { Decoder, stopTable } from './wasm/decoder.ts';
import { type Body, KIND, type Module, pointerType } from './wasm/module.ts';
import { functionNames } from './wasm/names.ts';
import { OP, TYPE } from './wasm/opcodes.ts';

/** Functions that touch memory in one way. */
export interface LibcRole {
  /** Export of the runtime that checks a call: the function's own parameters, then the site. */
  readonly check: string;
  readonly names: readonly string[];
  /** p = pointer or size_t, i = i32. */
  readonly params: string;
  readonly result: '' | 'p' | 'i';
}

const role = (check: string, params: string, result: LibcRole['result'], ...names: string[]): LibcRole => ({
  check: `libc_${check}`,
  names,
  params,
  result,
});

/** Every role. Names with underscores are what musl, compiler-rt and Emscripten call the same function inside. */
export const LIBC_ROLES: readonly LibcRole[] = [
  role('memcpy', 'ppp', 'p', 'memcpy', 'mempcpy', '__memcpy', '__memcpy_fwd', '_emscripten_memcpy_bulkmem', 'emscripten_builtin_memcpy'),
  role('memmove', 'ppp', 'p', 'memmove', '__memmove', 'emscripten_builtin_memmove'),
  role('memset', 'pip', 'p', 'memset', '__memset', '_emscripten_memset_bulkmem', 'emscripten_builtin_memset'),
  role('bzero', 'pp', '', 'bzero', 'explicit_bzero', '__bzero'),
  role('bcopy', 'ppp', '', 'bcopy'),
  role('memcmp', 'ppp', 'i', 'memcmp', 'bcmp'),
  role('memchr', 'pip', 'p', 'memchr'),
  role('memrchr', 'pip', 'p', 'memrchr', '__memrchr'),
  role('memccpy', 'ppip', 'p', 'memccpy'),
  role('memmem', 'pppp', 'p', 'memmem'),
  role('strlen', 'p', 'p', 'strlen', 'strdup', '__strdup'),
  role('strnlen', 'pp', 'p', 'strnlen', 'strndup', '__strndup'),
  role('strcpy', 'pp', 'p', 'strcpy', 'stpcpy', '__stpcpy'),
  role('strncpy', 'ppp', 'p', 'strncpy', 'stpncpy', '__stpncpy'),
  role('strlcpy', 'ppp', 'p', 'strlcpy'),
  role('strcat', 'pp', 'p', 'strcat'),
  role('strncat', 'ppp', 'p', 'strncat'),
  role('strcmp', 'pp', 'i', 'strcmp', 'strcoll'),
  role('strncmp', 'ppp', 'i', 'strncmp'),
  role('strcasecmp', 'pp', 'i', 'strcasecmp'),
  role('strncasecmp', 'ppp', 'i', 'strncasecmp'),
  role('strchr', 'pi', 'p', 'strchr', 'strchrnul', '__strchrnul'),
  role('strrchr', 'pi', 'p', 'strrchr'),
  role('strstr', 'pp', 'p', 'strstr'),
  role('strcasestr', 'pp', 'p', 'strcasestr'),
  role('strspn', 'pp', 'p', 'strspn'),
  role('strcspn', 'pp', 'p', 'strcspn', 'strpbrk'),
  role('wmemcpy', 'ppp', 'p', 'wmemcpy'),
  role('wmemmove', 'ppp', 'p', 'wmemmove'),
  role('wmemset', 'pip', 'p', 'wmemset'),
  role('wmemcmp', 'ppp', 'i', 'wmemcmp'),
  role('wmemchr', 'pip', 'p', 'wmemchr'),
  role('wcslen', 'p', 'p', 'wcslen', 'wcsdup'),
  role('wcsnlen', 'pp', 'p', 'wcsnlen'),
  role('wcscpy', 'pp', 'p', 'wcscpy', 'wcpcpy'),
  role('wcsncpy', 'ppp', 'p', 'wcsncpy', 'wcpncpy'),
  role('wcscat', 'pp', 'p', 'wcscat'),
  role('wcsncat', 'ppp', 'p', 'wcsncat'),
  role('wcscmp', 'pp', 'i', 'wcscmp'),
  role('wcsncmp', 'ppp', 'i', 'wcsncmp'),
  role('wcschr', 'pi', 'p', 'wcschr'),
  role('wcsrchr', 'pi', 'p', 'wcsrchr'),
]; // biome-ignore format: a table

export interface LibcFunction {
  readonly role: LibcRole;
  readonly func: number;
  readonly how: 'export' | 'name' | 'body';
  readonly name: string;
}

export interface Libc {
  readonly functions: readonly LibcFunction[];
  readonly byIndex: ReadonlyMap<number, LibcFunction>;
  /** Names that matched with a signature that did not. */
  readonly rejected: readonly string[];
}

/**
 * Finds the library's functions, defined or imported. `taken` are those with another role: the allocator's. `byBody` has names
 * for functions that behave like C's; with several roles they keep none.
 */
export function findLibc(
  module: Module,
  taken: ReadonlySet<number>,
  byBody: ReadonlyMap<number, readonly string[]> = new Map(),
): Libc {
  const roles = new Map(LIBC_ROLES.flatMap((r) => r.names.map((name) => [name, r])));
  const byIndex = new Map<number, LibcFunction>();
  const rejected: string[] = [];
  const add = (name: string, func: number, how: LibcFunction['how']) => {
    const found = roles.get(name);
    if (!found || taken.has(func) || byIndex.has(func)) return;
    if (signatureFits(module, func, found)) byIndex.set(func, { role: found, func, how, name });
    else rejected.push(name);
  };
  for (const e of module.exports) if (e.kind === KIND.FUNC) add(e.name, e.index, 'export');
  for (const [index, name] of functionNames(module)) if (index < module.functions.length) add(name, index, 'name');
  for (const [func, names] of byBody) {
    const [found, ...others] = new Set(names.map((name) => roles.get(name)!));
    if (found && others.length === 0 && !byIndex.has(func)) {
      byIndex.set(func, { role: found, func, how: 'body', name: names[0]! });
    }
  }
  return { functions: [...byIndex.values()], byIndex, rejected };
}

function signatureFits(module: Module, func: number, r: LibcRole): boolean {
  const type = module.types[module.functions[func]!];
  return (
    type?.params.join() === types(module, r.params).join() && type.results.join() === types(module, r.result).join()
  );
}

function types(module: Module, codes: string): number[] {
  const pointer = pointerType(module);
  return [...codes].map((code) => (code === 'p' ? pointer : TYPE.I32));
}

const CALLS = stopTable(OP.CALL, OP.RETURN_CALL);

/** The checks in front of a body's calls to the library. */
export function libcEdits(module: Module, libc: Libc, body: Body): Edit[] {
  const edits: Edit[] = [];
  const d = new Decoder(module.bytes, body.start, body.end);
  d.skipLocals();
  while (d.nextOf(CALLS)) {
    const callee = libc.byIndex.get(d.index);
    if (callee) edits.push(checkInFront(d.start, callee.role.check, types(module, callee.role.params)));
  }
  return edits;
}

/** Shows the arguments of the call at `at` to a function of the runtime, which gets them and the call's site. */
function checkInFront(at: number, check: string, params: readonly number[]): Edit {
  return {
    at,
    removes: 0,
    isSite: true,
    write(emit) {
      const argument = (op: number, i: number) => emit.scratch(op, `argument ${i}`, params[i]!);
      for (let i = params.length - 1; i >= 0; i--) argument(OP.LOCAL_SET, i);
      params.forEach((_, i) => argument(OP.LOCAL_GET, i));
      emit.siteConstant(emit.site());
      emit.callRuntime(check);
      params.forEach((_, i) => argument(OP.LOCAL_GET, i));
    },
  };
}
