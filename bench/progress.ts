// Says on stderr what is being measured: a run takes minutes.

export function progress(text: string): void {
  process.stderr.write(`  ${text}\n`);
}
