// What a run did, as far as somebody outside can see: how it ended, what it returned, what it printed, what it left in
// its output buffer. Two modules that should do the same are compared by it.

export interface Outcome {
  /** "returned", "exited" or the title of a finding. */
  readonly ending: string;
  /** Of the function, or the exit code. */
  readonly value: number;
  /** Standard output and standard error. */
  readonly printed: Uint8Array;
  /** The bytes the module names as its output. */
  readonly output: Uint8Array;
}

/** Exports by which a module names its output after each run: an address and a size in bytes. */
const OUTPUT = { address: 'wasan_output', size: 'wasan_output_size' } as const;
const SHOWN_BYTES = 64;

export function outputOf(exports: WebAssembly.Exports, memory: WebAssembly.Memory | undefined): Uint8Array {
  const { [OUTPUT.address]: address, [OUTPUT.size]: size } = exports as Record<string, () => number>;
  if (!memory || typeof address !== 'function' || typeof size !== 'function') return new Uint8Array(0);
  return new Uint8Array(memory.buffer).slice(address() >>> 0, (address() >>> 0) + (size() >>> 0));
}

/** In which respect two outcomes differ; undefined if they agree. */
export function difference(a: Outcome, b: Outcome): keyof Outcome | undefined {
  if (a.ending !== b.ending) return 'ending';
  if (a.value !== b.value) return 'value';
  if (!sameBytes(a.printed, b.printed)) return 'printed';
  return sameBytes(a.output, b.output) ? undefined : 'output';
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Both outcomes in words, one above the other. */
export function outcomesText(names: readonly [string, string], outcomes: readonly [Outcome, Outcome]): string {
  const at = firstDifference(outcomes[0], outcomes[1]);
  return names.map((name, i) => `${name}:\n${outcomeText(outcomes[i]!, at)}`).join('');
}

function outcomeText({ ending, value, printed, output }: Outcome, at: number): string {
  const lines = [`    ${ending} ${value}`];
  if (printed.length > 0) lines.push(`    printed ${printed.length} bytes: ${bytesText(printed, at)}`);
  if (output.length > 0) lines.push(`    output of ${output.length} bytes: ${bytesText(output, at)}`);
  return `${lines.join('\n')}\n`;
}

/** The bytes around the first difference. */
function bytesText(bytes: Uint8Array, at: number): string {
  const from = Math.max(0, at - SHOWN_BYTES / 2);
  const shown = bytes.subarray(from, from + SHOWN_BYTES);
  const hex = [...shown].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `${from > 0 ? `from ${from} ` : ''}${hex}${from + shown.length < bytes.length ? ' ...' : ''}`;
}

function firstDifference(a: Outcome, b: Outcome): number {
  const [left, right] = sameBytes(a.printed, b.printed) ? [a.output, b.output] : [a.printed, b.printed];
  const at = left.findIndex((byte, i) => byte !== right[i]);
  return at < 0 ? left.length : at;
}
