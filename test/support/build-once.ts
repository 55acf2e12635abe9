// vitest's globalSetup: builds what tests instantiate (the runtime's variants) once per run, if it is out of date.
import { buildRuntime } from '../../runtime/build.mts';

export async function setup(): Promise<void> {
  await buildRuntime();
}
