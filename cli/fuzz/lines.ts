// libFuzzer's lines about one input or one word: bytes as it prints them, how a unit was made, the recommended dictionary.

import type { LearntWord } from '../../fuzz/learning.ts';

/** Longer inputs are not printed. */
const PRINTED = 256;

/** The lines before "Test unit written": mutators, the unit they were applied to, and the bytes in three notations. */
export function unitLines(input: Uint8Array, sequence: readonly string[], base: string): string {
  const how = `MS: ${sequence.length} ${sequence.map((name) => `${name}-`).join('')}; base unit: ${base}\n`;
  if (input.length > PRINTED) return how;
  const hex = Array.from(input, (byte) => `0x${byte.toString(16)},`).join('');
  return `${how}${hex}\n${escaped(input)}\n`;
}

/** For what follows it. */
export function base64Line(input: Uint8Array): string {
  return input.length > PRINTED ? '' : `Base64: ${Buffer.from(input).toString('base64')}\n`;
}

/** Printable characters as they are, all others as three octal digits. */
export function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  }).join('');
}

/** A dictionary can hold any byte as two hexadecimal digits. */
function quoted(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}

/** Words that led to something new, most often first; to be given back with -dict. */
export function dictionaryLines(words: readonly LearntWord[]): string {
  if (words.length === 0) return '';
  const sorted = [...words].sort((a, b) => b.uses - a.uses);
  const lines = sorted.map(({ word, uses }) => `"${quoted(word)}" # Uses: ${uses}\n`).join('');
  return `###### Recommended dictionary. ######\n${lines}###### End of recommended dictionary. ######\n`;
}
