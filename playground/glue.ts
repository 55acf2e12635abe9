// A module loaded by its own JavaScript: Emscripten's, wasm-bindgen's, AssemblyScript's. Whatever address the glue fetches
// the module from, it gets the one that was dropped; how it compiles it, `intercept` sees.

import type { Exported } from './call-export.ts';
import type { Streams } from './command.ts';
import type { Job } from './messages.ts';

interface Emscripten {
  readonly wasmBinary: Uint8Array;
  readonly arguments: readonly string[];
  readonly print: (text: string) => void;
  readonly printErr: (text: string) => void;
  readonly locateFile: (name: string) => string;
  readonly onExit: (code: number) => void;
}

export interface GlueEnd {
  /** How it ended, as far as can be told. */
  readonly text: string;
  /** What can be called now, by the names the JavaScript has for it. */
  readonly functions: Readonly<Record<string, Exported>>;
}

export async function runGlue(job: Job, glue: NonNullable<Job['glue']>, streams: Streams): Promise<GlueEnd> {
  serveModule(job.module);
  catchConsole(streams);
  let code: number | undefined;
  const settings: Emscripten = {
    wasmBinary: job.module,
    arguments: job.args,
    print: (text) => streams.out(`${text}\n`),
    printErr: (text) => streams.error(`${text}\n`),
    locateFile: (name) => new URL(name, 'https://module.invalid/').href,
    onExit: (exit) => {
      code = exit;
    },
  };
  const functions = await (isModule(glue) ? runModule(glue.text, settings) : runScript(glue.text, settings));
  await new Promise((resolve) => setTimeout(resolve, 50)); // what the glue has started without waiting for it
  return {
    text: code === undefined ? 'The JavaScript has run.' : `The program ended with exit code ${code}.`,
    functions,
  };
}

/** Functions by name; Emscripten's begin with an underscore that C has not. */
function functionsIn(object: unknown): Record<string, Exported> {
  const entries = Object.entries((object ?? {}) as Record<string, unknown>);
  const functions = entries.filter((entry): entry is [string, Exported] => typeof entry[1] === 'function');
  return Object.fromEntries(
    functions.flatMap(([name, f]) => (name.startsWith('_') ? [[name.slice(1), f]] : [[name, f]])),
  );
}

function isModule({ name, text }: NonNullable<Job['glue']>): boolean {
  return name.endsWith('.mjs') || /^\s*(import|export)\b/m.test(text);
}

/** A default export that is a function is called: with Emscripten's settings, or with the module (wasm-bindgen's init). */
async function runModule(text: string, settings: Emscripten): Promise<Record<string, Exported>> {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  const exports = (await import(url)) as Record<string, unknown>;
  const { default: start, main, initSync: _, ...others } = exports;
  const bytes = settings.wasmBinary;
  // Older wasm-bindgen takes the module by itself, newer wants it to be named.
  const bindgen = /\bmodule_or_path\b/.test(text) ? { module_or_path: bytes } : bytes;
  const argument = /__wbindgen_|\binitSync\b/.test(text) ? bindgen : settings;
  const made = typeof start === 'function' ? await (start as (argument: unknown) => unknown)(argument) : undefined;
  if (typeof main === 'function') await (main as () => unknown)();
  return { ...functionsIn(made), ...functionsIn(others) };
}

/** A classic script finds Emscripten's settings in `Module`; a factory it defines (MODULARIZE) is called with them. */
async function runScript(text: string, settings: Emscripten): Promise<Record<string, Exported>> {
  const scope = globalThis as unknown as Record<string, unknown>;
  const before = new Set(Object.getOwnPropertyNames(scope));
  const done = new Promise<void>((resolve) => {
    scope.Module = { ...settings, onRuntimeInitialized: resolve, postRun: [resolve] };
  });
  // biome-ignore lint/security/noGlobalEval: the user's own script, in a worker of its own
  globalThis.eval(text);
  const factory = Object.getOwnPropertyNames(scope).find(
    (name) => !before.has(name) && isFactory(name, scope[name], text),
  );
  if (factory) return functionsIn(await (scope[factory] as (settings: Emscripten) => unknown)(settings));
  await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 2000))]);
  return functionsIn(scope.Module);
}

function isFactory(name: string, value: unknown, text: string): boolean {
  return typeof value === 'function' && new RegExp(`\\b(var|let|const)\\s+${name}\\s*=\\s*\\(`).test(text);
}

/** Whatever .wasm is asked for, there is only one. */
function serveModule(module: Uint8Array): void {
  globalThis.fetch = async (input) => {
    const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
    if (!/\.wasm($|\?)/.test(url)) throw new TypeError(`the playground fetches nothing but the module, not ${url}`);
    return new Response(module as BufferSource, { headers: { 'content-type': 'application/wasm' } });
  };
}

function catchConsole(streams: Streams): void {
  const text = (values: readonly unknown[]) => `${values.map(String).join(' ')}\n`;
  console.log = (...values: unknown[]) => streams.out(text(values));
  console.info = console.log;
  console.error = (...values: unknown[]) => streams.error(text(values));
  console.warn = console.error;
}
