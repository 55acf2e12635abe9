// The operators of C++ by their two-letter codes: how each is spelled, how it takes its operands, and how tightly it binds.

export type OperatorKind =
  | 'binary'
  | 'prefix'
  | 'postfix'
  | 'index'
  | 'member'
  | 'new'
  | 'delete'
  | 'call'
  | 'cast'
  | 'conditional'
  | 'namedCast'
  | 'ofType'
  | 'ofValue'
  | 'name';

export interface Operator {
  code: string;
  kind: OperatorKind;
  precedence: number;
  /** Spelling in an expression; as a function's name it follows "operator". */
  symbol: string;
  /** Cannot be overloaded, so it is no function's name. */
  expressionOnly: boolean;
}

export const PRECEDENCE = {
  primary: 0,
  postfix: 1,
  unary: 2,
  cast: 3,
  pointerToMember: 4,
  multiplicative: 5,
  additive: 6,
  shift: 7,
  spaceship: 8,
  relational: 9,
  equality: 10,
  and: 11,
  xor: 12,
  or: 13,
  andIf: 14,
  orIf: 15,
  conditional: 16,
  assign: 17,
  comma: 18,
} as const;

type Row = [kind: OperatorKind, precedence: keyof typeof PRECEDENCE, codes: string];

/** Codes and spellings alternate. */
const ROWS: Row[] = [
  ['binary', 'assign', 'aN &= aS = dV /= eO ^= lS <<= mI -= mL *= oR |= pL += rM %= rS >>='],
  ['binary', 'andIf', 'aa &&'],
  ['binary', 'orIf', 'oo ||'],
  ['binary', 'and', 'an &'],
  ['binary', 'xor', 'eo ^'],
  ['binary', 'or', 'or |'],
  ['binary', 'equality', 'eq == ne !='],
  ['binary', 'relational', 'ge >= gt > le <= lt <'],
  ['binary', 'spaceship', 'ss <=>'],
  ['binary', 'shift', 'ls << rs >>'],
  ['binary', 'additive', 'mi - pl +'],
  ['binary', 'multiplicative', 'dv / ml * rm %'],
  ['binary', 'comma', 'cm ,'],
  ['prefix', 'unary', 'ad & co ~ de * ng - nt ! ps +'],
  ['postfix', 'postfix', 'mm -- pp ++'],
  ['index', 'postfix', 'ix []'],
  ['call', 'postfix', 'cl ()'],
  ['member', 'postfix', 'pt ->'],
  ['member', 'pointerToMember', 'pm ->*'],
  ['conditional', 'conditional', 'qu ?'],
  ['new', 'unary', 'na new[] nw new'],
  ['delete', 'unary', 'da delete[] dl delete'],
  ['name', 'primary', 'aw co_await'],
];

const EXPRESSION_ROWS: Row[] = [
  ['call', 'postfix', 'cp ()'],
  ['member', 'postfix', 'dt .'],
  ['member', 'pointerToMember', 'ds .*'],
  ['cast', 'cast', 'cv ()'],
  ['namedCast', 'postfix', 'cc const_cast dc dynamic_cast rc reinterpret_cast sc static_cast'],
];

/** These keep the space before their parenthesis. */
const OF_ROWS: [OperatorKind, keyof typeof PRECEDENCE, string, string][] = [
  ['ofType', 'unary', 'at', 'alignof '],
  ['ofValue', 'unary', 'az', 'alignof '],
  ['ofType', 'unary', 'st', 'sizeof '],
  ['ofValue', 'unary', 'sz', 'sizeof '],
  ['ofType', 'postfix', 'ti', 'typeid '],
  ['ofValue', 'postfix', 'te', 'typeid '],
];

function* operators(): Generator<Operator> {
  for (const [rows, expressionOnly] of [
    [ROWS, false],
    [EXPRESSION_ROWS, true],
  ] as const) {
    for (const [kind, precedence, codes] of rows) {
      const words = codes.split(' ');
      for (let i = 0; i < words.length; i += 2) {
        yield { code: words[i]!, kind, precedence: PRECEDENCE[precedence], symbol: words[i + 1]!, expressionOnly };
      }
    }
  }
  for (const [kind, precedence, code, symbol] of OF_ROWS) {
    yield { code, kind, precedence: PRECEDENCE[precedence], symbol, expressionOnly: true };
  }
}

export const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [...operators()].map((operator) => [operator.code, operator]),
);
