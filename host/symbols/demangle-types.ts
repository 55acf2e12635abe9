// Types inside mangled C++ names: builtins, pointers, functions, arrays, classes and template parameters.

import { parseExpression } from './demangle-expressions.ts';
import type { ItaniumParser } from './demangle-itanium.ts';
import {
  arrayType,
  concat,
  DemangleError,
  functionType,
  memberPointer,
  type Node,
  packExpansion,
  pointer,
  qualified,
  reference,
  text,
  withArguments,
} from './demangle-nodes.ts';

const BUILTINS = new Map<string, string>([
  ['v', 'void'],
  ['w', 'wchar_t'],
  ['b', 'bool'],
  ['c', 'char'],
  ['a', 'signed char'],
  ['h', 'unsigned char'],
  ['s', 'short'],
  ['t', 'unsigned short'],
  ['i', 'int'],
  ['j', 'unsigned int'],
  ['l', 'long'],
  ['m', 'unsigned long'],
  ['x', 'long long'],
  ['y', 'unsigned long long'],
  ['n', '__int128'],
  ['o', 'unsigned __int128'],
  ['f', 'float'],
  ['d', 'double'],
  ['e', 'long double'],
  ['g', '__float128'],
  ['z', '...'],
]);

const D_BUILTINS = new Map<string, string>([
  ['Dd', 'decimal64'],
  ['De', 'decimal128'],
  ['Df', 'decimal32'],
  ['Dh', 'half'],
  ['Di', 'char32_t'],
  ['Ds', 'char16_t'],
  ['Du', 'char8_t'],
  ['Da', 'auto'],
  ['Dc', 'decltype(auto)'],
  ['Dn', 'std::nullptr_t'],
]);

export function parseType(p: ItaniumParser): Node {
  const plain = BUILTINS.get(p.peek());
  if (plain) {
    p.take(1);
    return text(plain);
  }
  if (p.peek() === 'D') {
    const builtin = parseDBuiltin(p);
    if (builtin) return builtin;
  }
  if (p.peek() === 'S' && p.peek(1) !== 't') {
    const substituted = p.substitution();
    if (!p.tryTemplateArguments || p.peek() !== 'I') return substituted;
    return p.substitute(withArguments(substituted, p.templateArguments(false)));
  }
  return p.substitute(parseCompound(p));
}

/** Builtins that start with D; undefined for other types that do. */
function parseDBuiltin(p: ItaniumParser): Node | undefined {
  const name = D_BUILTINS.get(p.rest(2));
  if (name) {
    p.take(2);
    return text(name);
  }
  if (p.consume('DF')) {
    if (p.consume('16b')) return text('std::bfloat16_t');
    const bits = p.number();
    p.expect('_');
    return text(`_Float${bits}`);
  }
  const isSigned = p.peek(1) === 'B';
  if (!isSigned && p.peek(1) !== 'U') return undefined;
  p.take(2);
  const bits = /[0-9]/.test(p.peek()) ? text(p.number()) : parseExpression(p);
  p.expect('_');
  return concat(`${isSigned ? '' : 'unsigned '}_BitInt(`, bits, ')');
}

function parseCompound(p: ItaniumParser): Node {
  switch (p.peek()) {
    case 'r':
    case 'V':
    case 'K':
      return parseQualified(p);
    case 'U':
      return parseVendorQualified(p);
    case 'u':
      p.take(1);
      return withOptionalArguments(p, p.sourceName());
    case 'F':
      return parseFunction(p, '');
    case 'A':
      return parseArray(p);
    case 'M': {
      p.take(1);
      const owner = p.type();
      return memberPointer(owner, p.type());
    }
    case 'T':
      return parseParameterOrElaborated(p);
    case 'P':
      p.take(1);
      return pointer(p.type());
    case 'R':
      p.take(1);
      return reference(p.type(), '&');
    case 'O':
      p.take(1);
      return reference(p.type(), '&&');
    case 'C':
      p.take(1);
      return qualified(p.type(), ' complex');
    case 'G':
      p.take(1);
      return qualified(p.type(), ' imaginary');
    case 'D':
      return parseD(p);
    default:
      return p.name();
  }
}

/** Qualifiers before a function type are the member function's own. */
function parseQualified(p: ItaniumParser): Node {
  const qualifiers = p.cvQualifiers();
  if (p.peek() === 'F' || /^D[oOwx]/.test(p.rest(2))) return parseFunction(p, qualifiers);
  return qualified(p.type(), qualifiers);
}

function parseVendorQualified(p: ItaniumParser): Node {
  if (/^U[lbt]/.test(p.rest(2))) return p.name();
  p.expect('U');
  const name = p.sourceName();
  const args = p.peek() === 'I' ? p.templateArguments(false) : undefined;
  const type = p.type();
  return {
    left: (out) => {
      out.print(type);
      out.add(' ');
      out.print(args ? withArguments(name, args) : name);
    },
  };
}

function withOptionalArguments(p: ItaniumParser, name: Node): Node {
  if (p.peek() !== 'I') return name;
  p.take(1);
  const argument = p.type();
  p.expect('E');
  return concat(name, '(', argument, ')');
}

function parseFunction(p: ItaniumParser, qualifiers: string): Node {
  const suffix: (string | Node)[] = [];
  if (p.consume('Do')) suffix.push(' noexcept');
  else if (p.consume('DO')) {
    const condition = parseExpression(p);
    p.expect('E');
    suffix.push(' noexcept(', condition, ')');
  } else if (p.consume('Dw')) {
    const types = p.until('E', () => p.type());
    suffix.push(' throw(', { left: (out) => out.list(types) }, ')');
  }
  p.consume('Dx'); // transaction safe
  p.expect('F');
  p.consume('Y'); // extern "C"
  const returns = p.type();
  const parameters: Node[] = [];
  let ref = '';
  while (!p.consume('E')) {
    if (p.consume('v')) continue;
    if (p.consume('RE')) {
      ref = ' &';
      break;
    }
    if (p.consume('OE')) {
      ref = ' &&';
      break;
    }
    parameters.push(p.type());
  }
  return functionType({ returns, parameters, suffix: [qualifiers, ref, ...suffix] });
}

function parseArray(p: ItaniumParser): Node {
  p.expect('A');
  let size: Node | undefined;
  if (/[0-9]/.test(p.peek())) size = text(p.number());
  else if (p.peek() !== '_') size = parseExpression(p);
  p.expect('_');
  return arrayType(p.type(), size);
}

const ELABORATED = new Map([
  ['Ts', 'struct '],
  ['Tu', 'union '],
  ['Te', 'enum '],
]);

function parseParameterOrElaborated(p: ItaniumParser): Node {
  const keyword = ELABORATED.get(p.rest(2));
  if (keyword) {
    p.take(2);
    return concat(keyword, p.name());
  }
  const parameter = p.templateParameter();
  if (!p.tryTemplateArguments || p.peek() !== 'I') return parameter;
  p.substitute(parameter);
  return withArguments(parameter, p.templateArguments(false));
}

function parseD(p: ItaniumParser): Node {
  if (/^D[oOwx]/.test(p.rest(2))) return parseFunction(p, '');
  if (p.consume('Dp')) return packExpansion(p.type());
  if (p.consume('Dt') || p.consume('DT')) {
    const expression = parseExpression(p);
    p.expect('E');
    return concat('decltype(', expression, ')');
  }
  if (p.consume('Dv')) return parseVector(p);
  if (p.consume('Dk')) return concat(p.name(), ' auto');
  if (p.consume('DK')) return concat(p.name(), ' decltype(auto)');
  throw new DemangleError('a type wanted');
}

/** Dv <number> _ <type>, or an expression for the number. */
function parseVector(p: ItaniumParser): Node {
  let size: Node;
  if (/[1-9]/.test(p.peek())) {
    size = text(p.number());
    p.expect('_');
    if (p.consume('p')) return concat('pixel vector[', size, ']');
  } else {
    size = p.consume('_') ? text('') : parseExpression(p);
    p.consume('_');
  }
  return concat(p.type(), ' vector[', size, ']');
}
