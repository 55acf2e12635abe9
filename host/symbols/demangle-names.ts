// Names inside mangled C++ names: nested and local ones, operators, constructors, lambdas, and functions with parameters.

import { parseTemplateDeclaration } from './demangle-declarations.ts';
import { parseExpression } from './demangle-expressions.ts';
import type { ItaniumParser } from './demangle-itanium.ts';
import {
  baseNameOf,
  concat,
  DemangleError,
  functionEncoding,
  type Node,
  nested,
  type Output,
  templateArguments,
  text,
  withArguments,
} from './demangle-nodes.ts';
import { OPERATORS } from './demangle-operators.ts';

/** What the name's last part says about the signature that follows. */
export interface NameState {
  /** Then no return type is mangled. */
  isConstructorOrConversion: boolean;
  endsWithTemplateArguments: boolean;
  /** Qualifiers of a member function, each with a leading space. */
  qualifiers: string;
  forwardSince: number;
  hasExplicitObject: boolean;
}

function newState(p: ItaniumParser): NameState {
  return {
    isConstructorOrConversion: false,
    endsWithTemplateArguments: false,
    qualifiers: '',
    forwardSince: p.forwardCount,
    hasExplicitObject: false,
  };
}

function isEndOfEncoding(p: ItaniumParser): boolean {
  return p.atEnd || 'E._'.includes(p.peek());
}

export function parseEncoding(p: ItaniumParser): Node {
  if (p.peek() === 'G' || p.peek() === 'T') return parseSpecialName(p);
  const state = newState(p);
  const name = p.name(state);
  p.resolveForward(state.forwardSince);
  if (isEndOfEncoding(p)) return name;
  const suffix: (string | Node)[] = [state.qualifiers];
  if (p.consume('Ua9enable_ifI')) {
    suffix.push(' [enable_if:', commaList(p.until('E', () => p.templateArgument())), ']');
  }
  let returns: Node | undefined;
  if (!state.isConstructorOrConversion && state.endsWithTemplateArguments) returns = p.type();
  const parameters: Node[] = [];
  if (!p.consume('v')) {
    do {
      const parameter = p.type();
      parameters.push(state.hasExplicitObject && parameters.length === 0 ? concat('this ', parameter) : parameter);
    } while (!isEndOfEncoding(p) && p.peek() !== 'Q');
  }
  if (p.consume('Q')) suffix.push(' requires ', parseExpression(p));
  return functionEncoding(name, { returns, parameters, suffix });
}

function commaList(nodes: readonly Node[]): Node {
  return { left: (out) => out.list(nodes) };
}

const SPECIAL_NAMES: [code: string, kind: 'type' | 'name' | 'encoding' | 'argument', text: string][] = [
  ['TV', 'type', 'vtable for '],
  ['TT', 'type', 'VTT for '],
  ['TI', 'type', 'typeinfo for '],
  ['TS', 'type', 'typeinfo name for '],
  ['TA', 'argument', 'template parameter object for '],
  ['TW', 'name', 'thread-local wrapper routine for '],
  ['TH', 'name', 'thread-local initialization routine for '],
  ['GV', 'name', 'guard variable for '],
];

function parseSpecialName(p: ItaniumParser): Node {
  for (const [code, kind, label] of SPECIAL_NAMES) {
    if (!p.consume(code)) continue;
    const target =
      kind === 'type'
        ? p.type()
        : kind === 'argument'
          ? p.templateArgument()
          : kind === 'name'
            ? p.name()
            : p.encoding();
    return concat(label, target);
  }
  if (p.consume('Tc')) {
    callOffset(p);
    callOffset(p);
    return concat('covariant return thunk to ', p.encoding());
  }
  if (p.consume('TC')) {
    const derived = p.type();
    p.signedNumber();
    p.expect('_');
    const base = p.type();
    return concat('construction vtable for ', base, '-in-', derived);
  }
  if (p.consume('GR')) {
    const name = p.name();
    if (p.peek() !== '_') p.sequenceIndex(36);
    else p.expect('_');
    return concat('reference temporary for ', name);
  }
  p.expect('T');
  const isVirtual = p.peek() === 'v';
  callOffset(p);
  return concat(isVirtual ? 'virtual thunk to ' : 'non-virtual thunk to ', p.encoding());
}

function callOffset(p: ItaniumParser): void {
  if (p.consume('h')) p.signedNumber();
  else {
    p.expect('v');
    p.signedNumber();
    p.expect('_');
    p.signedNumber();
  }
  p.expect('_');
}

export function parseName(p: ItaniumParser, state: NameState | undefined): Node {
  if (p.peek() === 'N') return parseNestedName(p, state);
  if (p.peek() === 'Z') return parseLocalName(p, state);
  if (p.peek() === 'S' && p.peek(1) !== 't') {
    const substituted = p.substitution();
    if (p.peek() !== 'I') throw new DemangleError('a substitution alone is no name');
    return withTemplate(p, substituted, state);
  }
  const scope = p.consume('St') ? text('std') : undefined;
  const name = parseUnqualified(p, scope, state);
  return p.peek() === 'I' ? withTemplate(p, p.substitute(name), state) : name;
}

function withTemplate(p: ItaniumParser, name: Node, state: NameState | undefined): Node {
  const args = p.templateArguments(state !== undefined);
  if (state) state.endsWithTemplateArguments = true;
  return withArguments(name, args);
}

/** Z <function> E <entity>, for what is declared inside a function. */
function parseLocalName(p: ItaniumParser, state: NameState | undefined): Node {
  p.expect('Z');
  const encoding = p.encoding();
  p.expect('E');
  if (p.consume('s')) {
    discriminator(p);
    return nested(encoding, text('string literal'));
  }
  if (p.consume('d')) {
    if (p.peek() !== '_') p.signedNumber();
    p.expect('_');
    return nested(encoding, p.name(state));
  }
  const entity = p.name(state);
  discriminator(p);
  return nested(encoding, entity);
}

function discriminator(p: ItaniumParser): void {
  const match = /^(?:__[0-9]+_|_[0-9]|[0-9]+$)/.exec(p.rest(24));
  if (match) p.take(match[0].length);
}

function parseNestedName(p: ItaniumParser, state: NameState | undefined): Node {
  p.expect('N');
  if (p.consume('H')) {
    if (state) state.hasExplicitObject = true;
  } else {
    const cv = p.cvQualifiers();
    const ref = p.consume('O') ? ' &&' : p.consume('R') ? ' &' : '';
    if (state) state.qualifiers = cv + ref;
  }
  let scope: Node | undefined;
  while (!p.consume('E')) {
    if (state) state.endsWithTemplateArguments = false;
    if (p.peek() === 'S' && !scope) {
      // Substitutions and "std" are no new candidates themselves.
      scope = p.consume('St') ? text('std') : p.substitution();
      continue;
    }
    scope = p.substitute(nestedPart(p, scope, state));
    p.consume('M'); // member in whose initializer the next part (a lambda) stands
  }
  if (!scope || p.substitutions.length === 0) throw new DemangleError('an empty nested name');
  p.substitutions.pop(); // the entire name is none either
  return scope;
}

function nestedPart(p: ItaniumParser, scope: Node | undefined, state: NameState | undefined): Node {
  const next = p.peek();
  if (next === 'T' && !scope) return p.templateParameter();
  if (next === 'I' && scope) return withTemplate(p, scope, state);
  if (next === 'D' && /^[tT]$/.test(p.peek(1)) && !scope) {
    const type = p.type();
    p.substitutions.pop(); // our caller adds it
    return type;
  }
  return parseUnqualified(p, scope, state);
}

function parseUnqualified(p: ItaniumParser, scope: Node | undefined, state: NameState | undefined): Node {
  const isFriend = scope !== undefined && p.consume('F');
  p.consume('L'); // internal linkage
  const next = p.peek();
  let owner = scope;
  let name: Node;
  if (/[1-9]/.test(next)) name = p.sourceName();
  else if (next === 'U') name = p.unnamedType();
  else if (p.consume('DC')) {
    const bindings = p.until('E', () => p.sourceName());
    name = concat('[', commaList(bindings), ']');
  } else if (next === 'C' || next === 'D') {
    if (!scope) throw new DemangleError('a constructor of nothing');
    owner = scope.expanded ?? scope;
    name = constructorName(p, owner, state);
  } else name = p.operatorName(state);
  const tagged = p.abiTags(name);
  if (!owner) return tagged;
  return isFriend ? { left: concat(owner, '::friend ', tagged).left } : nested(owner, tagged);
}

function constructorName(p: ItaniumParser, owner: Node, state: NameState | undefined): Node {
  if (state) state.isConstructorOrConversion = true;
  const isDestructor = p.consume('D');
  if (!isDestructor) p.expect('C');
  const isInherited = !isDestructor && p.consume('I');
  if (!/[0-5]/.test(p.take(1))) throw new DemangleError('constructor variant');
  if (isInherited) p.name(state);
  const base = baseNameOf(owner);
  return text(isDestructor ? `~${base}` : base);
}

export function parseSourceName(p: ItaniumParser): Node {
  const length = Number(p.number());
  if (length === 0) throw new DemangleError('a source name wanted');
  const name = p.take(length);
  return text(name.startsWith('_GLOBAL__N') ? '(anonymous namespace)' : name);
}

export function parseOperatorName(p: ItaniumParser, state: NameState | undefined): Node {
  if (p.consume('cv')) {
    const { permitForward } = p;
    p.permitForward = permitForward || state !== undefined;
    const type = p.withoutTemplateArguments(() => p.type());
    p.permitForward = permitForward;
    if (state) state.isConstructorOrConversion = true;
    return { ...concat('operator ', type), baseName: () => 'operator' };
  }
  if (p.consume('li')) return concat('operator""', ' ', p.sourceName());
  if (p.peek() === 'v' && /[0-9]/.test(p.peek(1))) {
    p.take(2);
    const type = p.sourceName();
    if (state) state.isConstructorOrConversion = true;
    return concat('operator ', type);
  }
  const operator = OPERATORS.get(p.rest(2));
  if (!operator || operator.expressionOnly) throw new DemangleError('an operator wanted');
  p.take(2);
  return text(`operator${/^[a-z]/.test(operator.symbol) ? ' ' : ''}${operator.symbol}`);
}

export interface UnnamedType extends Node {
  /** Of a lambda: template parameters and parameters. */
  lambdaSignature?: (out: Output) => void;
}

/** Ut: a type without a name; Ul: a lambda; Ub: a block. */
export function parseUnnamedType(p: ItaniumParser): UnnamedType {
  if (p.consume('Ut')) {
    const count = p.number();
    p.expect('_');
    return text(`'unnamed${count}'`);
  }
  if (p.consume('Ub')) {
    p.number();
    p.expect('_');
    return text("'block-literal'");
  }
  p.expect('Ul');
  const { leave, table } = p.enterLambda();
  const templates: Node[] = [];
  while (/^T[yptnk]/.test(p.rest(2))) templates.push(parseTemplateDeclaration(p, table));
  const requires = p.consume('Q') ? parseExpression(p) : undefined;
  const parameters: Node[] = [];
  if (!p.consume('v')) while (!/[EQ]/.test(p.peek() || 'E')) parameters.push(p.type());
  const trailing = p.consume('Q') ? parseExpression(p) : undefined;
  p.expect('E');
  leave();
  const count = p.number();
  p.expect('_');
  const lambdaSignature = (out: Output) => {
    if (templates.length > 0) out.print(templateArguments(templates));
    if (requires) out.print(concat(' requires ', requires, ' '));
    out.open();
    out.list(parameters);
    out.close();
    if (trailing) out.print(concat(' requires ', trailing));
  };
  return {
    left(out) {
      out.add(`'lambda${count}'`);
      lambdaSignature(out);
    },
    baseName: () => `'lambda${count}'`,
    lambdaSignature,
  };
}
