// What mangled C++ names abbreviate or invent: the short forms of `std` classes, and the explicit template parameters of
// lambdas, which have no names in the mangling and are called $T, $T0, $N, ...

import type { ItaniumParser } from './demangle-itanium.ts';
import { type Node, templateArguments, text } from './demangle-nodes.ts';

function special(short: string, base: string, expanded = short): Node {
  const baseName = () => base;
  return { ...text(short), baseName, expanded: { ...text(expanded), baseName } };
}

const CHAR_TRAITS = 'char, std::char_traits<char>';

export const SPECIAL_SUBSTITUTIONS: ReadonlyMap<string, Node> = new Map([
  ['a', special('std::allocator', 'allocator')],
  ['b', special('std::basic_string', 'basic_string')],
  ['s', special('std::string', 'basic_string', `std::basic_string<${CHAR_TRAITS}, std::allocator<char>>`)],
  ['i', special('std::istream', 'basic_istream', `std::basic_istream<${CHAR_TRAITS}>`)],
  ['o', special('std::ostream', 'basic_ostream', `std::basic_ostream<${CHAR_TRAITS}>`)],
  ['d', special('std::iostream', 'basic_iostream', `std::basic_iostream<${CHAR_TRAITS}>`)],
]);

const INVENTED = { type: '$T', value: '$N', template: '$TT' } as const;

export type SyntheticCounts = Record<keyof typeof INVENTED, number>;

/** Ty type, Tk constrained type, Tn value, Tt template, Tp a pack of one of them. What it declares goes into `table`. */
export function parseTemplateDeclaration(p: ItaniumParser, table: Node[]): Node {
  const invent = (kind: keyof typeof INVENTED): Node => {
    const count = p.syntheticCounts[kind]++;
    const name = text(`${INVENTED[kind]}${count === 0 ? '' : count - 1}`);
    table.push(name);
    return name;
  };
  if (p.consume('Ty')) return named('typename ', invent('type'));
  if (p.consume('Tk')) {
    const constraint = p.name();
    const name = invent('type');
    return {
      left(out) {
        out.print(constraint);
        out.add(' ');
      },
      right: (out) => out.print(name),
    };
  }
  if (p.consume('Tn')) return valueDeclaration(invent('value'), p.type());
  if (p.consume('Tt')) {
    const name = invent('template');
    const parameters = templateArguments(p.until('E', () => parseTemplateDeclaration(p, [])));
    return {
      left(out) {
        out.add('template');
        out.print(parameters);
        out.add(' typename ');
      },
      right: (out) => out.print(name),
    };
  }
  p.expect('Tp');
  const packed = parseTemplateDeclaration(p, table);
  return {
    left(out) {
      out.left(packed);
      out.add('...');
    },
    right: (out) => out.right(packed),
  };
}

function named(before: string, name: Node): Node {
  return { left: (out) => out.add(before), right: (out) => out.print(name) };
}

function valueDeclaration(name: Node, type: Node): Node {
  return {
    left(out) {
      out.left(type);
      if (!type.right) out.add(' ');
    },
    right(out) {
      out.print(name);
      out.right(type);
    },
  };
}
