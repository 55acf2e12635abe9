// Expressions inside C++ names: template arguments such as `(N + 1)`, `decltype(...)`, `enable_if` conditions.

import type { ItaniumParser } from './demangle-itanium.ts';
import { parsePrimary } from './demangle-literals.ts';
import {
  concat,
  DemangleError,
  type Node,
  nested,
  type Output,
  packExpansion,
  text,
  withArguments,
} from './demangle-nodes.ts';
import { OPERATORS, type Operator, PRECEDENCE } from './demangle-operators.ts';

export function parseExpression(p: ItaniumParser): Node {
  return p.deeper(() => {
    const isGlobal = p.consume('gs');
    const next = p.peek();
    if (next === 'L') return parsePrimary(p);
    if (next === 'T') return p.templateParameter();
    if (next === 'f') {
      return p.peek(1) === 'p' || (p.peek(1) === 'L' && /[0-9]/.test(p.peek(2))) ? functionParameter(p) : fold(p);
    }
    const operator = OPERATORS.get(p.rest(2));
    const isUnresolved = /^(?:sr|on|dn|[0-9])/.test(p.rest(2));
    if (operator && operator.kind !== 'name' && !isUnresolved) {
      p.consume(operator.code);
      return parseOperator(p, operator, isGlobal);
    }
    return parseSpecial(p, isGlobal);
  });
}

function parseOperator(p: ItaniumParser, operator: Operator, isGlobal: boolean): Node {
  const { precedence, symbol } = operator;
  switch (operator.kind) {
    case 'binary':
      return binary(parseExpression(p), operator, parseExpression(p));
    case 'prefix':
      return prefix(operator, parseExpression(p));
    case 'postfix': {
      if (p.consume('_')) return prefix(operator, parseExpression(p));
      return print(precedence, operandThen(parseExpression(p), precedence, true, symbol));
    }
    case 'index':
      return indexed(parseExpression(p), parseExpression(p));
    case 'member':
      return parseMember(p, operator);
    case 'new':
      return parseNew(p, operator, isGlobal);
    case 'delete':
      return parseDelete(p, operator, isGlobal);
    case 'call':
      return parseCall(p, operator);
    case 'cast':
      return parseCast(p, precedence);
    case 'conditional':
      return conditional(parseExpression(p), parseExpression(p), parseExpression(p));
    case 'namedCast':
      return parseNamedCast(p, operator);
    case 'ofType':
      return enclosed(symbol, p.type(), precedence);
    case 'ofValue':
      return enclosed(symbol, parseExpression(p), precedence);
    default:
      throw new DemangleError(`operator ${operator.code} in an expression`);
  }
}

function parseMember(p: ItaniumParser, { precedence, symbol }: Operator): Node {
  const owner = parseExpression(p);
  const member = parseExpression(p);
  return print(precedence, (out) => {
    out.operand(owner, precedence, true);
    out.add(symbol);
    out.operand(member, precedence, false);
  });
}

function parseDelete(p: ItaniumParser, { precedence, symbol }: Operator, isGlobal: boolean): Node {
  const target = parseExpression(p);
  return print(precedence, (out) => {
    out.add(`${isGlobal ? '::' : ''}${symbol} `);
    out.print(target);
  });
}

function parseCall(p: ItaniumParser, { precedence, code }: Operator): Node {
  const callee = parseExpression(p);
  const args = p.until('E', () => parseExpression(p));
  const isParenthesized = code === 'cp';
  return print(precedence, (out) => {
    if (isParenthesized) out.open();
    out.print(callee);
    if (isParenthesized) out.close();
    parenthesized(out, args);
  });
}

/** static_cast and its like. */
function parseNamedCast(p: ItaniumParser, { precedence, symbol }: Operator): Node {
  const type = p.type();
  const value = parseExpression(p);
  return print(precedence, (out) => {
    templateBrackets(out, symbol, type);
    parenthesized(out, [value]);
  });
}

function parseSpecial(p: ItaniumParser, isGlobal: boolean): Node {
  if (p.consume('il')) return braced(undefined, parseBracedList(p));
  if (p.consume('tl')) return braced(p.type(), parseBracedList(p));
  if (p.consume('tr')) return text('throw');
  if (p.consume('tw')) return concat('throw ', parseExpression(p));
  if (p.consume('nx')) return enclosed('noexcept ', parseExpression(p), PRECEDENCE.unary);
  if (p.consume('sZ')) {
    if (p.peek() === 'T') return sizeofPack('sizeof...', [packExpansion(p.templateParameter())]);
    return sizeofPack('sizeof... ', [functionParameter(p)]);
  }
  if (p.consume('sP'))
    return sizeofPack(
      'sizeof... ',
      p.until('E', () => p.templateArgument()),
    );
  if (p.consume('sp')) return packExpansion(parseExpression(p));
  if (p.consume('u')) return parseVendorExpression(p);
  if (p.peek() === 'r' && (p.peek(1) === 'q' || p.peek(1) === 'Q')) return parseRequires(p);
  return parseUnresolvedName(p, isGlobal);
}

function print(precedence: number, left: (out: Output) => void): Node {
  return { left, precedence };
}

function operandThen(node: Node, precedence: number, strict: boolean, suffix: string): (out: Output) => void {
  return (out) => {
    out.operand(node, precedence, strict);
    out.add(suffix);
  };
}

function parenthesized(out: Output, nodes: readonly Node[]): void {
  out.open();
  out.list(nodes);
  out.close();
}

function templateBrackets(out: Output, name: string, type: Node): void {
  const outer = out.openParentheses;
  out.add(`${name}<`);
  out.openParentheses = 0;
  out.left(type);
  out.right(type);
  out.openParentheses = outer;
  out.add('>');
}

function binary(lhs: Node, { symbol, precedence }: Operator, rhs: Node): Node {
  const isAssignment = precedence === PRECEDENCE.assign;
  return print(precedence, (out) => {
    const closesArguments = out.openParentheses <= 0 && (symbol === '>' || symbol === '>>');
    if (closesArguments) out.open();
    out.operand(lhs, isAssignment ? PRECEDENCE.orIf : precedence, !isAssignment);
    out.add(symbol === ',' ? ', ' : ` ${symbol} `);
    out.operand(rhs, precedence, isAssignment);
    if (closesArguments) out.close();
  });
}

function prefix({ symbol, precedence }: Operator, operand: Node): Node {
  return print(precedence, (out) => {
    out.add(symbol);
    out.operand(operand, precedence);
  });
}

function indexed(base: Node, index: Node): Node {
  return print(PRECEDENCE.postfix, (out) => {
    out.operand(base, PRECEDENCE.postfix);
    out.open('[');
    out.print(index);
    out.close(']');
  });
}

function conditional(test: Node, yes: Node, no: Node): Node {
  return print(PRECEDENCE.conditional, (out) => {
    out.operand(test, PRECEDENCE.conditional);
    out.add(' ? ');
    out.print(yes);
    out.add(' : ');
    out.operand(no, PRECEDENCE.assign, true);
  });
}

function enclosed(before: string, node: Node, precedence: number): Node {
  return print(precedence, (out) => {
    out.add(before);
    parenthesized(out, [node]);
  });
}

function sizeofPack(before: string, nodes: readonly Node[]): Node {
  return print(0, (out) => {
    out.add(before);
    parenthesized(out, nodes);
  });
}

function parseNew(p: ItaniumParser, { symbol, precedence }: Operator, isGlobal: boolean): Node {
  const placement = p.until('_', () => parseExpression(p));
  const type = p.type();
  const hasInitializer = p.consume('pi');
  const initializer = hasInitializer ? p.until('E', () => parseExpression(p)) : [];
  if (!hasInitializer) p.expect('E');
  return print(precedence, (out) => {
    out.add(`${isGlobal ? '::' : ''}${symbol}`);
    if (placement.length > 0) parenthesized(out, placement);
    out.add(' ');
    out.print(type);
    if (initializer.length > 0) parenthesized(out, initializer);
  });
}

function parseCast(p: ItaniumParser, precedence: number): Node {
  const type = p.withoutTemplateArguments(() => p.type());
  const values = p.consume('_') ? p.until('E', () => parseExpression(p)) : [parseExpression(p)];
  return print(precedence, (out) => {
    parenthesized(out, [type]);
    parenthesized(out, values);
  });
}

/** fl: (... op pack), fr: (pack op ...), fL: (init op ... op pack), fR: (pack op ... op init). */
function fold(p: ItaniumParser): Node {
  p.expect('f');
  const kind = p.take(1);
  if (!'lrLR'.includes(kind)) throw new DemangleError('fold expression');
  const operator = OPERATORS.get(p.take(2));
  if (!operator) throw new DemangleError('fold operator');
  let pack: Node | undefined = parseExpression(p);
  let init: Node | undefined = kind === 'L' || kind === 'R' ? parseExpression(p) : undefined;
  if (kind === 'L') [pack, init] = [init, pack];
  const isLeft = kind === 'l' || kind === 'L';
  const fill = (out: Output, node: Node | undefined, expand: boolean) => {
    if (!node) return;
    if (expand) parenthesized(out, [packExpansion(node)]);
    else out.operand(node, PRECEDENCE.cast, true);
  };
  return print(0, (out) => {
    out.open();
    const first = isLeft ? init : pack;
    if (first) {
      fill(out, first, !isLeft);
      out.add(` ${operator.symbol} `);
    }
    out.add('...');
    const last = isLeft ? pack : init;
    if (last) {
      out.add(` ${operator.symbol} `);
      fill(out, last, isLeft);
    }
    out.close();
  });
}

function functionParameter(p: ItaniumParser): Node {
  if (p.consume('fpT')) return text('this');
  if (p.consume('fL')) {
    p.number();
    p.expect('p');
  } else {
    p.expect('fp');
  }
  p.cvQualifiers();
  const index = p.number();
  p.expect('_');
  return text(`fp${index}`);
}

function braced(type: Node | undefined, items: readonly Node[]): Node {
  return {
    left(out) {
      if (type) out.print(type);
      out.add('{');
      out.list(items);
      out.add('}');
    },
  };
}

function parseBracedList(p: ItaniumParser): Node[] {
  return p.until('E', () => parseBraced(p));
}

/** An initializer with designators, as in `.x = 1` and `[0 ... 3] = 2`. */
function parseBraced(p: ItaniumParser): Node {
  const assigned = (designator: Node, value: Node, isNested: boolean) =>
    concat(designator, ...(isNested ? [] : [' = ']), value);
  const isNested = () => p.peek() === 'd' && 'ixX'.includes(p.peek(1)) && p.peek(1) !== '';
  if (p.consume('di')) {
    const field = concat('.', p.sourceName());
    const next = isNested();
    return assigned(field, parseBraced(p), next);
  }
  if (p.consume('dx')) {
    const index = concat('[', parseExpression(p), ']');
    const next = isNested();
    return assigned(index, parseBraced(p), next);
  }
  if (p.consume('dX')) {
    const range = concat('[', parseExpression(p), ' ... ', parseExpression(p), ']');
    const next = isNested();
    return assigned(range, parseBraced(p), next);
  }
  return parseExpression(p);
}

function parseVendorExpression(p: ItaniumParser): Node {
  const name = p.sourceName();
  const args = p.until('E', () => p.templateArgument());
  return print(0, (out) => {
    out.print(name);
    parenthesized(out, args);
  });
}

function parseRequires(p: ItaniumParser): Node {
  const parameters: Node[] = [];
  if (p.consume('rQ')) while (!p.consume('_')) parameters.push(p.type());
  else p.expect('rq');
  const requirements = p.until('E', () => parseRequirement(p));
  return {
    left(out) {
      out.add('requires');
      if (parameters.length > 0) {
        out.add(' ');
        parenthesized(out, parameters);
      }
      out.add(' ');
      out.open('{');
      for (const requirement of requirements) out.print(requirement);
      out.add(' ');
      out.close('}');
    },
  };
}

function parseRequirement(p: ItaniumParser): Node {
  if (p.consume('T')) return concat(' typename ', p.type(), ';');
  if (p.consume('Q')) return concat(' requires ', parseExpression(p), ';');
  p.expect('X');
  const value = parseExpression(p);
  const isNoexcept = p.consume('N');
  const constraint = p.consume('R') ? p.name() : undefined;
  if (!isNoexcept && !constraint) return concat(' ', value, ';');
  return concat(' {', value, '}', isNoexcept ? ' noexcept' : '', ...(constraint ? [' -> ', constraint] : []), ';');
}

/** sr <type> <name>, srN <type> <name>+ E <name>, or a name alone. */
function parseUnresolvedName(p: ItaniumParser, isGlobal: boolean): Node {
  const global = (node: Node) => (isGlobal ? concat('::', node) : node);
  if (p.consume('srN')) {
    let scope = p.unresolvedType();
    if (p.peek() === 'I') scope = withArguments(scope, p.templateArguments(false));
    while (!p.consume('E')) scope = nested(scope, simpleId(p));
    return nested(scope, baseUnresolvedName(p));
  }
  if (!p.consume('sr')) return global(baseUnresolvedName(p));
  if (/[0-9]/.test(p.peek())) {
    let scope = global(simpleId(p));
    while (!p.consume('E')) scope = nested(scope, simpleId(p));
    return nested(scope, baseUnresolvedName(p));
  }
  let scope = p.unresolvedType();
  if (p.peek() === 'I') scope = withArguments(scope, p.templateArguments(false));
  return nested(scope, baseUnresolvedName(p));
}

function simpleId(p: ItaniumParser): Node {
  const name = p.sourceName();
  return p.peek() === 'I' ? withArguments(name, p.templateArguments(false)) : name;
}

function baseUnresolvedName(p: ItaniumParser): Node {
  if (/[0-9]/.test(p.peek())) return simpleId(p);
  if (p.consume('dn')) {
    return concat('~', /[0-9]/.test(p.peek()) ? simpleId(p) : p.unresolvedType());
  }
  p.consume('on');
  const name = p.operatorName(undefined);
  return p.peek() === 'I' ? withArguments(name, p.templateArguments(false)) : name;
}
