// The letters, digits and strings of Rust's version 0 mangling: builtin types, base 62, quoting, and Punycode.

export class V0Error extends Error {}

export const BASIC_TYPES: ReadonlyMap<string, string> = new Map<string, string>([
  ['a', 'i8'],
  ['b', 'bool'],
  ['c', 'char'],
  ['d', 'f64'],
  ['e', 'str'],
  ['f', 'f32'],
  ['h', 'u8'],
  ['i', 'isize'],
  ['j', 'usize'],
  ['l', 'i32'],
  ['m', 'u32'],
  ['n', 'i128'],
  ['o', 'u128'],
  ['p', '_'],
  ['s', 'i16'],
  ['t', 'u16'],
  ['u', '()'],
  ['v', '...'],
  ['x', 'i64'],
  ['y', 'u64'],
  ['z', '!'],
]);

export function base62Digit(char: string): number {
  const code = char.charCodeAt(0);
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 122) return code - 87;
  if (code >= 65 && code <= 90) return code - 29;
  throw new V0Error('a digit wanted');
}

export function quote(text: string, mark: string): string {
  const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0', '\\': '\\\\' };
  let result = '';
  for (const char of text) result += char === mark ? `\\${char}` : (escapes[char] ?? char);
  return mark + result + mark;
}

/** RFC 3492, with `_` for the delimiter and lower-case digits first. */
export function decodePunycode(text: string): string {
  const delimiter = text.lastIndexOf('_');
  const points = [...text.slice(0, Math.max(delimiter, 0))].map((char) => char.codePointAt(0)!);
  let n = 128;
  let i = 0;
  let bias = 72;
  for (let at = delimiter + 1; at < text.length; ) {
    const before = i;
    let weight = 1;
    for (let k = 36; ; k += 36) {
      const code = text.charCodeAt(at++);
      const digit = code >= 97 && code <= 122 ? code - 97 : code >= 48 && code <= 57 ? code - 22 : -1;
      if (digit < 0) throw new V0Error('punycode');
      i += digit * weight;
      const threshold = Math.min(Math.max(k - bias, 1), 26);
      if (digit < threshold) break;
      weight *= 36 - threshold;
    }
    const length = points.length + 1;
    bias = adapt(i - before, length, before === 0);
    n += Math.floor(i / length);
    if (!(n <= 0x10ffff)) throw new V0Error('punycode');
    i %= length;
    points.splice(i++, 0, n);
  }
  return String.fromCodePoint(...points);
}

function adapt(difference: number, length: number, isFirst: boolean): number {
  let delta = isFirst ? Math.floor(difference / 700) : difference >> 1;
  delta += Math.floor(delta / length);
  let k = 0;
  for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
  return k + Math.floor((36 * delta) / (delta + 38));
}
