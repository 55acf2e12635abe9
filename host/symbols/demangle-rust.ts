// Demangles Rust names: legacy ones, `_ZN4core3fmt5write17h0123456789abcdefE`, and version 0 ones, `_RNvCs1234_7mycrate3foo`.
// Hashes, crate disambiguators and lifetimes are left out, as Rust's own short form does.

import { demangleRustV0 } from './demangle-rust-v0.ts';

const LEGACY = /^_{1,3}ZN((?:[0-9]+.+?)?)17h[0-9a-f]{16}E((?:[.@].*)?)$/s;

export function demangleRust(name: string): string | undefined {
  const v0 = /^_{0,2}R([A-Z].*)$/s.exec(name);
  if (v0) return demangleRustV0(v0[1]!);
  const legacy = LEGACY.exec(name);
  return legacy ? demanglePath(legacy[1]!) : undefined;
}

/** 3foo3bar is foo::bar. */
function demanglePath(text: string): string | undefined {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const digits = /^[0-9]+/.exec(text.slice(at, at + 10))?.[0];
    if (!digits) return undefined;
    const start = at + digits.length;
    at = start + Number(digits);
    if (at > text.length) return undefined;
    parts.push(decodePart(text.slice(start, at)));
  }
  return parts.length > 0 ? parts.join('::') : undefined;
}

const ESCAPES: Record<string, string> = {
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
  C: ',',
};

/** $LT$ and the like stand for what a linker would not accept. */
function decodePart(part: string): string {
  const text = part.startsWith('_$') ? part.slice(1) : part;
  return text
    .replace(/\$([A-Z]{1,2}|u[0-9a-f]{1,6})\$/g, (all, code: string) => {
      if (!code.startsWith('u')) return ESCAPES[code] ?? all;
      const point = Number.parseInt(code.slice(1), 16);
      return point >= 0x20 && point <= 0x10ffff ? String.fromCodePoint(point) : all;
    })
    .replaceAll('..', '::');
}
