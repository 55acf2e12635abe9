// Dictionaries in the format of AFL and libFuzzer: one `name="word"` or `"word"` per line, with \\, \" and \xAB.

import { SanitizerError } from '../host/errors.ts';

const LINE = /^(?:[^"#=]*=\s*)?"((?:[^"\\]|\\.)+)"\s*(?:#.*)?$/;
const ESCAPE = /\\(x[0-9a-fA-F]{2}|.)/g;

/** The words of a dictionary file. */
export function parseDictionary(text: string): Uint8Array[] {
  const words: Uint8Array[] = [];
  text.split(/\r?\n/).forEach((raw, i) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const match = LINE.exec(line);
    if (!match) throw new SanitizerError('E_INPUT', `line ${i + 1} of the dictionary is not a quoted word: ${line}`);
    words.push(unquote(match[1]!, i + 1));
  });
  return words;
}

function unquote(word: string, line: number): Uint8Array {
  const text = word.replace(ESCAPE, (_, code: string) => {
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (code === '\\' || code === '"') return code;
    throw new SanitizerError('E_INPUT', `line ${line} of the dictionary has an unknown escape \\${code}`);
  });
  // Characters beyond Latin-1 stand for their UTF-8 bytes.
  return /[^\0-\xff]/.test(text) ? new TextEncoder().encode(text) : Uint8Array.from(text, (c) => c.charCodeAt(0));
}
