// What both bindings of Oniguruma are asked for, and the walk over a text as their READMEs show it.

export const PATTERNS = ['(?<year>\\d{4})-(\\d\\d)', 'a(?=b)', '(?<=x)y+', '[\\p{Lu}]\\w+'];
export const TEXT = 'ab 2020-11 xyyy Größe ab 1999-01 '.repeat(40);

export function matches(scanner, text) {
  const found = [];
  for (let at = 0; ; ) {
    const match = scanner.findNextMatchSync(text, at);
    if (!match) break;
    const { start, end } = match.captureIndices[0];
    found.push(`${match.index}:${start}-${end}`);
    at = Math.max(end, at + 1);
  }
  return found.join(' ');
}
