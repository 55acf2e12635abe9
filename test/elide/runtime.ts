// The runtime alone, with 4 pages of program memory that are all valid.

import { readFileSync } from 'node:fs';
import { runtimePages } from '../../instrument/layout.ts';
import { runtimePath } from '../../runtime/build.mts';

export interface LoopRuntime {
  readonly memory: WebAssembly.Memory;
  check_rounds(test: number, tested: number, bound: number, step: number): number;
  check_span(
    address: number,
    from: number,
    to: number,
    stride: number,
    rounds: number,
    reach: number,
    write: number,
  ): number;
}

export async function instantiate(): Promise<LoopRuntime> {
  const module = await WebAssembly.compile(readFileSync(runtimePath('flat32')) as BufferSource);
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = name === 'pages' ? () => 4 : () => 0;
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  const runtime = exports as unknown as LoopRuntime & { init(): number };
  runtime.memory.grow(runtimePages(false) - runtime.memory.buffer.byteLength / 65536);
  runtime.init();
  return runtime;
}
