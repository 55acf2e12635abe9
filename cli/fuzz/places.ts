// What the paths of a command line have to be before anything runs: libFuzzer's checks. Nothing is made unasked, for a folder
// that is not there is more often misspelt than new.

import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isFile } from '../../fuzz/folder.ts';
import { SanitizerError } from '../../host/errors.ts';
import type { FuzzFlags } from './flags.ts';

/** Refuses, or with -create_missing_dirs=1 makes, what is missing; whether the inputs are files to run, and not folders. */
export function runsFiles(flags: FuzzFlags, inputs: readonly string[]): boolean {
  const makes = flags.number('create_missing_dirs') !== 0;
  const files = inputs.filter(isFile);
  const single = ['minimize_crash', 'cleanse_crash'].find((name) => flags.number(name) !== 0);
  if (single !== undefined && (inputs.length !== 1 || files.length !== 1))
    throw new SanitizerError('E_USAGE', `-${single}=1 takes one input file`);
  if (inputs[0] !== undefined && !isFile(inputs[0])) requireFolder(inputs[0], makes);
  requireFolder(dirname(`${flags.text('artifact_prefix')}x`), makes);
  if (flags.text('exact_artifact_path') !== '') requireFolder(dirname(flags.text('exact_artifact_path')), makes);
  if (files.length > 0 && files.length < inputs.length)
    throw new SanitizerError(
      'E_INPUT',
      `${files[0]}: not a directory; inputs are folders of a corpus, or files to run`,
    );
  return files.length > 0;
}

function requireFolder(path: string, makes: boolean): void {
  try {
    if (statSync(path).isDirectory()) return;
  } catch {
    // it is missing
  }
  if (!makes)
    throw new SanitizerError(
      'E_INPUT',
      `the required directory "${path}" does not exist; -create_missing_dirs=1 makes it`,
    );
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new SanitizerError('E_OUTPUT', `failed to create directory "${path}": ${(error as Error).message}`);
  }
}
