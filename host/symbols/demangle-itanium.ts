// Demangles C++ names of the Itanium ABI, which every wasm toolchain uses: `_ZN2ns3fooEi` is `ns::foo(int)`.
// This file holds what the grammar's parts share: the position, the substitutions and the template arguments in reach.
// Names are in demangle-names.ts, types in demangle-types.ts, expressions in demangle-expressions.ts.

import { parseTemplateDeclaration, SPECIAL_SUBSTITUTIONS, type SyntheticCounts } from './demangle-declarations.ts';
import { parseExpression } from './demangle-expressions.ts';
import { parsePrimary } from './demangle-literals.ts';
import {
  type NameState,
  parseEncoding,
  parseName,
  parseOperatorName,
  parseSourceName,
  parseUnnamedType,
} from './demangle-names.ts';
import { DemangleError, type Node, Output, parameterPack, templateArguments, text } from './demangle-nodes.ts';
import { parseType } from './demangle-types.ts';

/** A template argument that comes later in the name than its use. */
interface ForwardReference {
  index: number;
  target: Node | undefined;
}

const MAX_DEPTH = 300;

/** The readable name, or undefined if it is not a C++ name that can be read. */
export function demangleItanium(mangled: string): string | undefined {
  const match = /^_{1,4}Z/.exec(mangled);
  if (!match) return undefined;
  try {
    const parser = new ItaniumParser(mangled, match[0].length);
    const node = parser.encoding();
    const out = new Output();
    out.print(node);
    const suffix = parser.rest();
    if (suffix === '') return out.text;
    // What a compiler appends to a clone of a function, such as `.isra.0`.
    return suffix.startsWith('.') ? `${out.text} (${suffix})` : undefined;
  } catch (error) {
    if (error instanceof DemangleError) return undefined;
    throw error;
  }
}

export class ItaniumParser {
  readonly #input: string;
  #position: number;
  #depth = 0;
  readonly substitutions: Node[] = [];
  /** Per level of template (more than one inside generic lambdas): what T_, T0_, ... stand for. */
  #parameters: Node[][] = [];
  #forward: ForwardReference[] = [];
  permitForward = false;
  tryTemplateArguments = true;
  /** Level of the generic lambda whose parameter list is being read; its template parameters are spelled `auto`. */
  lambdaLevel = -1;
  /** How many unnamed template parameters of each kind the lambda has declared. */
  syntheticCounts: SyntheticCounts = { type: 0, value: 0, template: 0 };

  constructor(input: string, position: number) {
    this.#input = input;
    this.#position = position;
  }

  peek(ahead = 0): string {
    return this.#input[this.#position + ahead] ?? '';
  }

  rest(length?: number): string {
    return this.#input.slice(this.#position, length === undefined ? undefined : this.#position + length);
  }

  consume(token: string): boolean {
    if (!this.#input.startsWith(token, this.#position)) return false;
    this.#position += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.consume(token)) throw new DemangleError(`${token} wanted at ${this.#position}`);
  }

  take(length: number): string {
    if (this.#position + length > this.#input.length) throw new DemangleError('the name ends early');
    const taken = this.rest(length);
    this.#position += length;
    return taken;
  }

  get atEnd(): boolean {
    return this.#position >= this.#input.length;
  }

  /** Digits, possibly none. */
  number(): string {
    const start = this.#position;
    while (/^[0-9]$/.test(this.peek())) this.#position++;
    return this.#input.slice(start, this.#position);
  }

  /** With `n` for a minus sign. */
  signedNumber(): string {
    const sign = this.consume('n') ? 'n' : '';
    const digits = this.number();
    if (digits === '') throw new DemangleError('a number wanted');
    return sign + digits;
  }

  /** `_` is 0, `0_` is 1, ... */
  sequenceIndex(radix = 10): number {
    const start = this.#position;
    while (/^[0-9A-Z]$/.test(this.peek())) this.#position++;
    const digits = this.#input.slice(start, this.#position);
    this.expect('_');
    if (digits === '') return 0;
    const value = Number.parseInt(digits, radix);
    if (!Number.isSafeInteger(value)) throw new DemangleError('bad sequence number');
    return value + 1;
  }

  until(end: string, parse: () => Node): Node[] {
    const nodes: Node[] = [];
    while (!this.consume(end)) nodes.push(parse());
    return nodes;
  }

  deeper<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new DemangleError('nested too deeply');
    const result = parse();
    this.#depth--;
    return result;
  }

  substitute(node: Node): Node {
    this.substitutions.push(node);
    return node;
  }

  encoding(): Node {
    return this.deeper(() => {
      // A nested name's template arguments are its own.
      const outer = this.#parameters;
      this.#parameters = [];
      const node = parseEncoding(this);
      this.#parameters = outer;
      return node;
    });
  }

  name(state?: NameState): Node {
    return this.deeper(() => parseName(this, state));
  }

  type(): Node {
    return this.deeper(() => parseType(this));
  }

  sourceName(): Node {
    return parseSourceName(this);
  }

  operatorName(state: NameState | undefined): Node {
    return parseOperatorName(this, state);
  }

  unnamedType(): ReturnType<typeof parseUnnamedType> {
    return parseUnnamedType(this);
  }

  /** T_ or decltype or a substitution. */
  unresolvedType(): Node {
    if (this.peek() === 'T') return this.substitute(this.templateParameter());
    if (this.peek() === 'D') return this.type();
    return this.substitution();
  }

  cvQualifiers(): string {
    let text = '';
    const hasRestrict = this.consume('r');
    if (this.consume('V')) text = ' volatile';
    if (this.consume('K')) text = ` const${text}`;
    return hasRestrict ? `${text} restrict` : text;
  }

  substitution(): Node {
    this.expect('S');
    const node = SPECIAL_SUBSTITUTIONS.get(this.peek());
    if (node) {
      this.take(1);
      const tagged = this.abiTags(node);
      return tagged === node ? node : this.substitute(tagged);
    }
    const found = this.substitutions[this.sequenceIndex(36)];
    if (!found) throw new DemangleError('no such substitution');
    return found;
  }

  abiTags(node: Node): Node {
    let tagged = node;
    while (this.consume('B')) {
      const inner = tagged;
      const tag = this.sourceName();
      tagged = {
        left(out) {
          out.print(inner);
          out.add('[abi:');
          out.print(tag);
          out.add(']');
        },
        ...(inner.baseName && { baseName: inner.baseName }),
      };
    }
    return tagged;
  }

  withoutTemplateArguments<T>(parse: () => T): T {
    const before = this.tryTemplateArguments;
    this.tryTemplateArguments = false;
    const result = parse();
    this.tryTemplateArguments = before;
    return result;
  }

  templateParameter(): Node {
    this.expect('T');
    let level = 0;
    if (this.consume('L')) level = this.sequenceIndex() + 1;
    const index = this.sequenceIndex();
    if (this.permitForward && level === 0) return this.#forwardReference(index);
    const found = this.#parameters[level]?.[index];
    if (found) return found;
    if (this.lambdaLevel === level && level <= this.#parameters.length) {
      if (level === this.#parameters.length) this.#parameters.push([]);
      return text('auto');
    }
    throw new DemangleError('no such template parameter');
  }

  #forwardReference(index: number): Node {
    const reference: ForwardReference = { index, target: undefined };
    this.#forward.push(reference);
    let isPrinting = false; // it may refer to itself
    const visit = <T>(run: (target: Node) => T): T | undefined => {
      if (isPrinting || !reference.target) return undefined;
      isPrinting = true;
      const result = run(reference.target);
      isPrinting = false;
      return result;
    };
    return {
      left: (out) => visit((target) => out.left(target)),
      right: (out) => visit((target) => out.right(target)),
      shape: (out) => visit((target) => target.shape?.(out)),
      current: (out) => visit((target) => target.current?.(out) ?? target),
    };
  }

  get forwardCount(): number {
    return this.#forward.length;
  }

  /** Called when the template arguments are known. */
  resolveForward(since: number): void {
    for (const reference of this.#forward.splice(since)) {
      reference.target = this.#parameters[0]?.[reference.index];
      if (!reference.target) throw new DemangleError('no such template parameter');
    }
  }

  /** With `declares`, later template parameters refer to these arguments. */
  templateArguments(declares: boolean): Node {
    return this.deeper(() => {
      this.expect('I');
      const table: Node[] = [];
      if (declares) this.#parameters = [table];
      const args: Node[] = [];
      while (!this.consume('E')) {
        if (this.consume('Q')) {
          parseExpression(this);
          this.expect('E');
          break;
        }
        const argument = this.templateArgument();
        args.push(argument);
        if (declares) table.push(argument.pack ? parameterPack(argument.pack) : argument);
      }
      return templateArguments(args);
    });
  }

  templateArgument(): Node {
    switch (this.peek()) {
      case 'X': {
        this.take(1);
        const expression = parseExpression(this);
        this.expect('E');
        return expression;
      }
      case 'J': {
        this.take(1);
        const elements = this.until('E', () => this.templateArgument());
        return { left: (out) => out.list(elements), pack: elements };
      }
      case 'L': {
        if (this.peek(1) !== 'Z') return parsePrimary(this);
        this.take(2);
        const encoding = this.encoding();
        this.expect('E');
        return encoding;
      }
      case 'T':
        if (!/^[yptnk]$/.test(this.peek(1))) return this.type();
        parseTemplateDeclaration(this, []);
        return this.templateArgument();
      default:
        return this.type();
    }
  }

  /** Opens a level of template parameters for a lambda's own `<...>`. */
  enterLambda(): { leave: () => void; table: Node[] } {
    const outer = this.#parameters;
    const { lambdaLevel, syntheticCounts } = this;
    this.lambdaLevel = outer.length;
    this.syntheticCounts = { type: 0, value: 0, template: 0 };
    const table: Node[] = [];
    this.#parameters = [...outer, table];
    const leave = () => {
      this.#parameters = outer;
      this.lambdaLevel = lambdaLevel;
      this.syntheticCounts = syntheticCounts;
    };
    return { leave, table };
  }
}
