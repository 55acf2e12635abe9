// The parts of a C++ name as they print. A declarator wraps around what it declares, so a node prints in two halves:
//
//   void (*handlers[4])(int)      left of the function type "void ", of the pointer "(*", right ")" and "(int)"
//
// Parameter packs print the element that the expansion around them has reached.

export interface Node {
  left(out: Output): void;
  right?(out: Output): void;
  /** Whether a pointer to it needs parentheses. */
  shape?(out: Output): 'array' | 'function' | undefined;
  /** The name a constructor repeats; only names have one. */
  baseName?: () => string;
  /** Binding strength as an operand; the default is the strongest. */
  precedence?: number;
  /** Elements, if it is a parameter pack (in the template's own argument list it is a comma-separated part). */
  pack?: readonly Node[];
  /** Written `std::string`, but `std::basic_string<...>` before a constructor's name. */
  expanded?: Node;
  /** What it prints as at this point, if it stands for something else. */
  current?(out: Output): Node | undefined;
  /** Of a reference type. */
  reference?: { target: Node; sign: '&' | '&&' };
}

/** Longer results are cut off by giving up: substitutions can double the text at each step. */
const MAX_OUTPUT = 200_000;

export class DemangleError extends Error {}

export class Output {
  text = '';
  packIndex = -1;
  packSize = -1;
  /** Inside template arguments: how many parentheses are open since, so that a `>` does not seem to close them. */
  openParentheses = Number.NEGATIVE_INFINITY;
  #depth = 0;

  add(text: string): void {
    this.text += text;
    if (this.text.length > MAX_OUTPUT) throw new DemangleError('the name is too long');
  }

  print(node: Node): void {
    this.enter(node, (inner) => {
      inner.left(this);
      inner.right?.(this);
    });
  }

  left(node: Node): void {
    this.enter(node, (inner) => inner.left(this));
  }

  right(node: Node): void {
    if (node.right) this.enter(node, (inner) => inner.right?.(this));
  }

  enter(node: Node, run: (node: Node) => void): void {
    if (++this.#depth > 1000) throw new DemangleError('nested too deeply');
    run(node);
    this.#depth--;
  }

  open(bracket = '('): void {
    this.openParentheses++;
    this.add(bracket);
  }

  close(bracket = ')'): void {
    this.openParentheses--;
    this.add(bracket);
  }

  /** Prints as the operand of an operator, in parentheses where it binds less tightly. */
  operand(node: Node, precedence: number, strictlyWorse = false): void {
    const needed = (node.precedence ?? 0) >= precedence + (strictlyWorse ? 1 : 0);
    if (needed) this.open();
    this.print(node);
    if (needed) this.close();
  }

  /** With commas; an element that prints nothing (an empty pack) gets none. */
  list(nodes: readonly Node[]): void {
    let first = true;
    for (const node of nodes) {
      const before = this.text;
      if (!first) this.add(', ');
      const start = this.text;
      this.print(node);
      if (this.text === start) this.text = before;
      else first = false;
    }
  }
}

/** A node of fixed text, which is a name. */
export function text(value: string): Node {
  return { left: (out) => out.add(value), baseName: () => value };
}

export function concat(...parts: (string | Node)[]): Node {
  return {
    left(out) {
      for (const part of parts) {
        if (typeof part === 'string') out.add(part);
        else out.print(part);
      }
    },
  };
}

/** `scope::name`. */
export function nested(scope: Node, name: Node): Node {
  return { left: concat(scope, '::', name).left, baseName: () => baseNameOf(name) };
}

export function baseNameOf(node: Node): string {
  if (!node.baseName) throw new DemangleError('a constructor of something without a name');
  return node.baseName();
}

export function withArguments(name: Node, args: Node): Node {
  return { left: concat(name, args).left, baseName: () => baseNameOf(name) };
}

export function templateArguments(args: readonly Node[]): Node {
  return {
    left(out) {
      const outer = out.openParentheses;
      out.openParentheses = 0;
      out.add('<');
      out.list(args);
      out.add('>');
      out.openParentheses = outer;
    },
  };
}

export function pointer(target: Node): Node {
  return declarator(target, () => '*');
}

export function reference(target: Node, sign: '&' | '&&'): Node {
  // T& && is T&: references to references collapse.
  const collapsed = (out: Output): { target: Node; sign: '&' | '&&' } => {
    let at = { target, sign };
    for (let depth = 0; depth < 100; depth++) {
      const inner = (at.target.current?.(out) ?? at.target).reference;
      if (!inner) break;
      at = { target: inner.target, sign: at.sign === '&' ? '&' : inner.sign };
    }
    return at;
  };
  const withSign = (out: Output) => {
    const at = collapsed(out);
    return declarator(at.target, () => at.sign);
  };
  return {
    left: (out) => withSign(out).left(out),
    right: (out) => withSign(out).right!(out),
    reference: { target, sign },
  };
}

function declarator(target: Node, sign: (out: Output) => string): Node {
  return {
    left(out) {
      out.left(target);
      const shape = target.shape?.(out);
      if (shape === 'array') out.add(' ');
      if (shape) out.add('(');
      out.add(sign(out));
    },
    right(out) {
      if (target.shape?.(out)) out.add(')');
      out.right(target);
    },
  };
}

export function memberPointer(owner: Node, member: Node): Node {
  return {
    left(out) {
      out.left(member);
      out.add(member.shape?.(out) ? '(' : ' ');
      out.print(owner);
      out.add('::*');
    },
    right(out) {
      if (member.shape?.(out)) out.add(')');
      out.right(member);
    },
  };
}

export function qualified(type: Node, qualifiers: string): Node {
  return {
    left(out) {
      out.left(type);
      out.add(qualifiers);
    },
    right: (out) => out.right(type),
    shape: (out) => type.shape?.(out),
  };
}

export function arrayType(element: Node, size: Node | undefined): Node {
  return {
    left: (out) => out.left(element),
    right(out) {
      if (!out.text.endsWith(']')) out.add(' ');
      out.open('[');
      if (size) out.print(size);
      out.close(']');
      out.right(element);
    },
    shape: () => 'array',
  };
}

export interface Signature {
  returns: Node | undefined;
  parameters: readonly Node[];
  /** cv and ref qualifiers, exception specification, each with its leading space. */
  suffix: (string | Node)[];
}

export function functionType({ returns, parameters, suffix }: Signature & { returns: Node }): Node {
  return {
    left(out) {
      out.left(returns);
      out.add(' ');
    },
    right(out) {
      out.open();
      out.list(parameters);
      out.close();
      out.right(returns);
      concat(...suffix).left(out);
    },
    shape: () => 'function',
  };
}

/** A function with its name. */
export function functionEncoding(name: Node, { returns, parameters, suffix }: Signature): Node {
  return {
    left(out) {
      if (returns) {
        out.left(returns);
        if (!returns.right || !hasRight(out, returns)) out.add(' ');
      }
      out.print(name);
    },
    right(out) {
      out.open();
      out.list(parameters);
      out.close();
      if (returns) out.right(returns);
      concat(...suffix).left(out);
    },
    shape: () => 'function',
    baseName: () => baseNameOf(name),
  };
}

/** Whether anything of it prints behind the declared name. */
function hasRight(out: Output, node: Node): boolean {
  const before = out.text;
  out.right(node);
  const found = out.text.length > before.length;
  out.text = before;
  return found;
}

/** What a template parameter that stands for a pack prints: the element reached by the expansion around it. */
export function parameterPack(elements: readonly Node[]): Node {
  const current = (out: Output): Node | undefined => {
    if (out.packSize < 0) {
      out.packSize = elements.length;
      out.packIndex = 0;
    }
    return elements[out.packIndex];
  };
  return {
    left(out) {
      const node = current(out);
      if (node) out.left(node);
    },
    right(out) {
      const node = current(out);
      if (node) out.right(node);
    },
    shape: (out) => current(out)?.shape?.(out),
    current,
    pack: elements,
  };
}

export function packExpansion(pattern: Node): Node {
  return {
    left(out) {
      const { packIndex, packSize, text: before } = out;
      out.packIndex = -1;
      out.packSize = -1;
      out.print(pattern); // the first pack in it sets the size
      if (out.packSize < 0) out.add('...');
      else if (out.packSize === 0) out.text = before;
      for (let i = 1; i < out.packSize; i++) {
        out.add(', ');
        out.packIndex = i;
        out.print(pattern);
      }
      out.packIndex = packIndex;
      out.packSize = packSize;
    },
  };
}
