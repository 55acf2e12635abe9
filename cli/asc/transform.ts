// asc --transform wasan/asc: what the AssemblyScript compiler emits is instrumented on its way to the file. The bytes are
// rewritten as they leave, not inside the compiler: asc optimises with a Binaryen of its own, and checks come after that.
// The original stays inside (embedOriginal), because the source map that asc writes is the original's.

import { resolveOptions } from '../../host/options.ts';
import { instrument } from '../../index.ts';
import { InstrumentError } from '../../instrument/errors.ts';
import { runtimeOptions } from '../../module-defaults.ts';
import { readOptionFile } from '../sanitizer-options.ts';

/** What is used of the Binaryen module that asc hands over, and of its Binaryen. */
interface EmittingModule {
  emitBinary(): Uint8Array;
  emitBinary(sourceMapUrl: string | null): Emitted;
  runPasses(names: readonly string[]): void;
}

interface Binaryen {
  setPassArgument(name: string, value: string): void;
  setDebugInfo(on: boolean): void;
}

interface Emitted {
  readonly binary: Uint8Array;
  readonly sourceMap: string | null;
}

const ALLOCATOR = '~lib/rt/tlsf/*';

// biome-ignore lint/style/noDefaultExport: asc takes the default export of a transform
export default class WasanTransform {
  /** asc's own, which it sets before it makes the transform. */
  declare readonly binaryen: Binaryen;

  /** Called by asc when the module is compiled, before it is optimised and emitted. */
  afterCompile(module: EmittingModule): void {
    const { binaryen } = this;
    // The allocator's functions must stay whole and keep their names, or an optimised heap could not be watched.
    binaryen.setPassArgument('no-inline', ALLOCATOR);
    module.runPasses(['no-inline']);
    const emit = module.emitBinary.bind(module) as (...args: unknown[]) => Uint8Array | Emitted;
    module.emitBinary = ((...args: unknown[]) => {
      if (args.length > 0) binaryen.setDebugInfo(true);
      const emitted = emit(...args);
      // Without an argument asc only looks at the size (--converge).
      return args.length === 0 ? emitted : { ...(emitted as Emitted), binary: checked((emitted as Emitted).binary) };
    }) as EmittingModule['emitBinary'];
  }
}

function checked(binary: Uint8Array): Uint8Array {
  const { ASAN_OPTIONS: asan } = process.env;
  const options = resolveOptions({ read: readOptionFile, ...(asan ? { asan } : {}) });
  try {
    return instrument(binary, { runtime: runtimeOptions(options), embedOriginal: true }).bytes;
  } catch (error) {
    if (!(error instanceof InstrumentError)) throw error;
    throw new Error(`wasan: ${error.message} [${error.code}]`, { cause: error });
  }
}
