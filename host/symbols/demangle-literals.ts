// Constants inside C++ names, as template arguments have them: numbers, truth values, enumerators, functions, strings.

import type { ItaniumParser } from './demangle-itanium.ts';
import { concat, DemangleError, type Node, text } from './demangle-nodes.ts';

/** Integer types short enough to be a suffix of the number; a longer one is a cast before it. */
const LITERAL_SUFFIXES = new Map<string, string>([
  ['i', ''],
  ['j', 'u'],
  ['l', 'l'],
  ['m', 'ul'],
  ['x', 'll'],
  ['y', 'ull'],
]);
const LITERAL_CASTS = new Map<string, string>([
  ['w', 'wchar_t'],
  ['c', 'char'],
  ['a', 'signed char'],
  ['h', 'unsigned char'],
  ['s', 'short'],
  ['t', 'unsigned short'],
  ['n', '__int128'],
  ['o', 'unsigned __int128'],
]);

/** L <type> <value> E, or L _Z <encoding> E. */
export function parsePrimary(p: ItaniumParser): Node {
  p.expect('L');
  const kind = p.peek();
  const suffix = LITERAL_SUFFIXES.get(kind);
  const cast = LITERAL_CASTS.get(kind);
  if (suffix !== undefined || cast !== undefined) {
    p.take(1);
    return integer(p.signedNumber(), cast, suffix ?? '', p);
  }
  if (p.consume('b0E')) return text('false');
  if (p.consume('b1E')) return text('true');
  if (kind === 'f' || kind === 'd' || kind === 'e') return parseFloating(p);
  if (p.consume('_Z')) {
    const encoding = p.encoding();
    p.expect('E');
    return encoding;
  }
  if (kind === 'A') {
    const type = p.type();
    p.expect('E');
    return concat('"<', type, '>"');
  }
  if (p.consume('Dn')) {
    p.consume('0');
    p.expect('E');
    return text('nullptr');
  }
  if (p.rest(2) === 'Ul') {
    const lambda = p.unnamedType();
    p.expect('E');
    return {
      left(out) {
        out.add('[]');
        lambda.lambdaSignature?.(out);
        out.add('{...}');
      },
    };
  }
  const type = p.type();
  const value = p.signedNumber();
  p.expect('E');
  return concat('(', type, ')', value.replace('n', '-'));
}

function integer(value: string, cast: string | undefined, suffix: string, p: ItaniumParser): Node {
  p.expect('E');
  const spelled = value.replace('n', '-') + suffix;
  return text(cast === undefined ? spelled : `(${cast})${spelled}`);
}

const FLOAT_DIGITS = { f: 8, d: 16 } as const;

/** The bits of a float or double in hexadecimal, highest first. */
function parseFloating(p: ItaniumParser): Node {
  const kind = p.take(1);
  if (kind !== 'f' && kind !== 'd') throw new DemangleError('long double literal');
  const digits = p.take(FLOAT_DIGITS[kind]);
  p.expect('E');
  if (!/^[0-9a-f]+$/.test(digits)) throw new DemangleError('float literal');
  const view = new DataView(new ArrayBuffer(8));
  if (kind === 'f') view.setUint32(0, Number.parseInt(digits, 16));
  else view.setBigUint64(0, BigInt(`0x${digits}`));
  const value = kind === 'f' ? view.getFloat32(0) : view.getFloat64(0);
  return text(hexFloat(value) + (kind === 'f' ? 'f' : ''));
}

/** As C's `%a`: 0x1.8p+1. */
function hexFloat(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  if (!Number.isFinite(size)) return sign + (Number.isNaN(size) ? 'nan' : 'inf');
  if (size === 0) return `${sign}0x0p+0`;
  let exponent = Math.max(Math.floor(Math.log2(size)), -1022);
  if (size / 2 ** exponent >= 2) exponent++;
  else if (size / 2 ** exponent < 1 && exponent > -1022) exponent--;
  const fraction = (size / 2 ** exponent).toString(16);
  return `${sign}0x${fraction}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
}
