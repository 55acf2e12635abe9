// Saves findings: the input before anything else, then the report beside it, and says how to see it again.

import { basename, dirname, join } from 'node:path';
import type { Finding } from '../../fuzz/finding.ts';
import { findingJson } from '../../fuzz/finding.ts';
import { openFolder, sha1, writeFile } from '../../fuzz/folder.ts';

export interface Artifacts {
  /** "./", "out/" or "out/run1-". */
  readonly prefix: string;
  /** One name for whatever is found. */
  readonly exact: string;
  /** The command that runs a saved input: everything but its name. */
  readonly replay: string;
}

/** Writes the files of a finding; what to print. */
export function saveFinding(finding: Finding, input: Uint8Array, artifacts: Artifacts): string {
  const path = pathOf(`${finding.kind}-${sha1(input)}`, artifacts);
  write(path, input);
  write(`${path}.report.txt`, `${finding.text}\nreplay: ${artifacts.replay} ${path}\n`);
  write(`${path}.report.json`, `${JSON.stringify(findingJson(finding), undefined, 1)}\n`);
  const name = artifacts.exact || artifacts.prefix;
  return `artifact_prefix='${name}'; Test unit written to ${path}\nreplay: ${artifacts.replay} ${path}\n`;
}

/** The smaller input of a finding, named after the one it was made from. */
export function saveMinimized(kind: string, input: Uint8Array, original: Uint8Array, artifacts: Artifacts): string {
  const path = pathOf(`minimized-${kind}-${sha1(original)}`, artifacts);
  write(path, input);
  return path;
}

export function pathOf(name: string, { prefix, exact }: Artifacts): string {
  return exact || `${prefix}${name}`;
}

export function write(path: string, contents: Uint8Array | string): void {
  const folder = dirname(path);
  openFolder(folder);
  writeFile(folder, basename(join(path)), contents);
}
