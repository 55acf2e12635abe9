// wasan/browser: the library for pages and workers, as one file without anything of Node.
//
//   import { instrument, load, asanText, PLAIN_STYLE } from 'wasan/browser';

import { type Loaded, type LoadOptions, load as loadInstrumented } from '../host/index.ts';
import { PROBES } from '../host/probes.ts';
import { createSymbolizer } from '../host/symbols/index.ts';
import { type Instrumented, type InstrumentOptions, instrument as instrumentWith } from '../instrument/index.ts';
import { loadDefaults, withModuleDefaults } from '../module-defaults.ts';
import { engineLayout } from './engine-layout.ts';
import { embeddedImages } from './runtime-images.ts';

export * from '../host/index.ts';
export { type InterceptOptions, intercept } from '../host/intercept.ts';
export { type HtmlInput, htmlPage } from '../host/report/html.ts';
export {
  type Inspection,
  InstrumentError,
  type Instrumented,
  type InstrumentOptions,
  inspect,
} from '../instrument/index.ts';
export { engineLayout } from './engine-layout.ts';

/**
 * Instruments a module. What is made to be loaded here (`host`) gets the layout that suits this engine, unless the options
 * name one; debug information is read from the module itself.
 */
export function instrument(bytes: Uint8Array, options: InstrumentOptions = {}): Instrumented {
  const suited = options.host ? engineLayout() : {};
  const debugInfo = createSymbolizer(bytes);
  const made = { debugInfo, ...PROBES };
  return instrumentWith(bytes, embeddedImages, withModuleDefaults(bytes, { ...made, ...suited, ...options }));
}

/** Compiles and instantiates an instrumented module and attaches a sanitizer. */
export function load(options: LoadOptions): Promise<Loaded> {
  return loadInstrumented({ ...loadDefaults(options.original), ...options });
}
