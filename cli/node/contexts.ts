// Contexts of node:vm have a WebAssembly object of their own. Jest, and Vitest's vm pools, run tests in such contexts: what
// they compile would go past wasan.

import { syncBuiltinESMExports } from 'node:module';
import vm from 'node:vm';

type Api = typeof WebAssembly;

/** Calls `hook` with the WebAssembly object of every context made from now on, before any code runs in it. */
export function watchContexts(hook: (api: Api) => void): void {
  const { createContext, runInNewContext } = vm;
  const seen = new WeakSet<Api>([WebAssembly]); // a program may hand its own to a context
  const hookInto = <T extends vm.Context>(context: T): T => {
    const api = vm.runInContext('typeof WebAssembly === "object" ? WebAssembly : undefined', context) as
      | Api
      | undefined;
    if (api && !seen.has(api)) {
      seen.add(api);
      hook(api);
    }
    return context;
  };
  vm.createContext = ((...args: Parameters<typeof createContext>) =>
    hookInto(createContext(...args))) as typeof createContext;
  // Node's own calls its own createContext.
  vm.runInNewContext = ((code, sandbox, options) => {
    const made = vm.createContext(sandbox ?? {}, contextOptions(options));
    return vm.runInContext(code, made, options);
  }) as typeof runInNewContext;
  syncBuiltinESMExports();
}

/** What runInNewContext calls the options of createContext. */
function contextOptions(options: Parameters<typeof vm.runInNewContext>[2]): vm.CreateContextOptions {
  if (typeof options !== 'object') return {};
  const { contextName, contextOrigin, contextCodeGeneration, microtaskMode } = options;
  return {
    ...(contextName !== undefined && { name: contextName }),
    ...(contextOrigin !== undefined && { origin: contextOrigin }),
    ...(contextCodeGeneration !== undefined && { codeGeneration: contextCodeGeneration }),
    ...(microtaskMode !== undefined && { microtaskMode }),
  };
}
