// Saves findings: the input before anything else, then the report beside it, and says how to see it again.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Finding } from '../../fuzz/finding.ts';
import { findingJson } from '../../fuzz/finding.ts';
import { openFolder, sha1, writeFile } from '../../fuzz/folder.ts';
import { base64Line } from './lines.ts';

export interface Artifacts {
  /** "./", "out/" or "out/run1-". */
  readonly prefix: string;
  /** One name for whatever is found. */
  readonly exact: string;
  /** The words of the command that runs a saved input: those before its name. */
  readonly replay: readonly string[];
  /** And those behind it. */
  readonly after: readonly string[];
}

/** The command that runs a saved input, for a shell. */
export function replayCommand({ replay, after }: Artifacts, path: string): string {
  return [...replay, path, ...after].map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

const JSON_SUFFIX = '.report.json';
/** Inputs up to this size are printed where they cannot be saved. */
const PRINTED_BYTES = 4096;

/** Writes the files of a finding; what to print. A disk that takes no file does not cost the input: it is printed. */
export function saveFinding(finding: Finding, input: Uint8Array, artifacts: Artifacts): string {
  const path = pathOf(`${finding.kind}-${sha1(input)}`, artifacts);
  try {
    writeDurably(path, input);
    const twin = sameBug(finding.key, path, artifacts);
    const replay = `${twin ? `the same bug as ${twin}\n` : ''}replay: ${replayCommand(artifacts, path)}\n`;
    writeDurably(`${path}.report.txt`, `${finding.text}\n${replay}`);
    const facts = { ...findingJson(finding), input: basename(path), replay: replayCommand(artifacts, path) };
    writeDurably(`${path}${JSON_SUFFIX}`, `${JSON.stringify(facts, undefined, 1)}\n`);
    const name = artifacts.exact || artifacts.prefix;
    return `artifact_prefix='${name}'; Test unit written to ${path}\n${base64Line(input)}${replay}`;
  } catch (error) {
    const bytes = input.length <= PRINTED_BYTES ? `\nBase64: ${Buffer.from(input).toString('base64')}` : '';
    return `wasan: ${(error as Error).message}${bytes}\n`;
  }
}

/** The saved input of an earlier campaign that led to the same bug. */
function sameBug(key: string, path: string, artifacts: Artifacts): string | undefined {
  if (artifacts.exact !== '') return undefined;
  const folder = dirname(`${artifacts.prefix}x`);
  const reports = readdirSync(folder).filter((name) => name.endsWith(JSON_SUFFIX));
  const twin = reports.find((name) => keyIn(join(folder, name)) === key)?.slice(0, -JSON_SUFFIX.length);
  return twin === undefined || twin === basename(path) || !existsSync(join(folder, twin))
    ? undefined
    : join(folder, twin);
}

function keyIn(report: string): unknown {
  try {
    return (JSON.parse(readFileSync(report, 'utf8')) as { key?: unknown }).key;
  } catch {
    return undefined; // another worker is writing it, or it is not ours
  }
}

/** The smaller input of a finding, named after the one it was made from. */
export function saveMinimized(kind: string, input: Uint8Array, original: Uint8Array, artifacts: Artifacts): string {
  const path = pathOf(`minimized-${kind}-${sha1(original)}`, artifacts);
  writeDurably(path, input);
  return path;
}

export function pathOf(name: string, { prefix, exact }: Artifacts): string {
  return exact || `${prefix}${name}`;
}

/** Makes the folder if need be. */
export function writeDurably(path: string, contents: Uint8Array | string): void {
  const folder = dirname(path);
  openFolder(folder);
  writeFile(folder, basename(path), contents, true);
}
