// Rust's version 0 mangling (RFC 2603): a grammar of paths, types and constants with back references.

import { BASIC_TYPES, base62Digit, decodePunycode, quote, V0Error } from './demangle-rust-text.ts';

const MAX_DEPTH = 200;
const MAX_OUTPUT = 100_000;

export function demangleRustV0(symbol: string): string | undefined {
  // What a compiler appends, such as `.llvm.123`, is no part of it.
  const body = /^[0-9A-Za-z_]+/.exec(symbol)?.[0];
  if (body === undefined) return undefined;
  try {
    const parser = new V0Parser(body);
    parser.path(true);
    return parser.text;
  } catch (error) {
    if (error instanceof V0Error) return undefined;
    throw error;
  }
}

class V0Parser {
  readonly #input: string;
  #position = 0;
  #depth = 0;
  /** False while reading what is not shown. */
  #isPrinting = true;
  #boundLifetimes = 0;
  text = '';

  constructor(input: string) {
    this.#input = input;
  }

  #print(text: string): void {
    if (!this.#isPrinting) return;
    this.text += text;
    if (this.text.length > MAX_OUTPUT) throw new V0Error('too long');
  }

  #next(): string {
    const char = this.#input[this.#position++];
    if (char === undefined) throw new V0Error('the name ends early');
    return char;
  }

  #consume(char: string): boolean {
    if (this.#input[this.#position] !== char) return false;
    this.#position++;
    return true;
  }

  #deeper(run: () => void): void {
    if (++this.#depth > MAX_DEPTH) throw new V0Error('nested too deeply');
    run();
    this.#depth--;
  }

  #silently(run: () => void): void {
    const before = this.#isPrinting;
    this.#isPrinting = false;
    run();
    this.#isPrinting = before;
  }

  /** `_` is 0, `0_` is 1, ... with digits 0-9a-zA-Z. */
  #base62(): number {
    if (this.#consume('_')) return 0;
    let value = 0;
    for (;;) {
      const char = this.#next();
      if (char === '_') break;
      value = value * 62 + base62Digit(char);
      if (!Number.isFinite(value)) throw new V0Error('number too large');
    }
    return value + 1;
  }

  #optionalBase62(tag: string): number {
    return this.#consume(tag) ? this.#base62() + 1 : 0;
  }

  #identifier(): { name: string; disambiguator: number } {
    const disambiguator = this.#optionalBase62('s');
    const isPunycode = this.#consume('u');
    const digits = /^(?:0|[1-9][0-9]*)/.exec(this.#input.slice(this.#position, this.#position + 10))?.[0];
    if (digits === undefined) throw new V0Error('an identifier wanted');
    this.#position += digits.length;
    this.#consume('_');
    const end = this.#position + Number(digits);
    if (end > this.#input.length) throw new V0Error('the name ends early');
    const name = this.#input.slice(this.#position, end);
    this.#position = end;
    return { name: isPunycode ? decodePunycode(name) : name, disambiguator };
  }

  /** Goes back to where something was spelled before. */
  #backReference(run: () => void): void {
    const start = this.#position - 1;
    const target = this.#base62();
    if (target >= start) throw new V0Error('a reference forward');
    if (!this.#isPrinting) return;
    const after = this.#position;
    this.#position = target;
    this.#deeper(run);
    this.#position = after;
  }

  /** Returns whether generic arguments were left open for the caller to close. */
  path(isValue: boolean, leaveOpen = false): boolean {
    let isOpen = false;
    this.#deeper(() => {
      isOpen = this.#path(isValue, leaveOpen);
    });
    return isOpen;
  }

  #path(isValue: boolean, leaveOpen: boolean): boolean {
    const tag = this.#next();
    switch (tag) {
      case 'C':
        this.#print(this.#identifier().name);
        return false;
      case 'M':
      case 'X':
      case 'Y':
        this.#implementation(tag);
        return false;
      case 'N':
        this.#nestedPath(isValue);
        return false;
      case 'I':
        this.path(isValue);
        this.#print(isValue ? '::<' : '<');
        this.#list(() => this.#genericArgument());
        if (!leaveOpen) this.#print('>');
        return leaveOpen;
      case 'B': {
        let isOpen = false;
        this.#backReference(() => {
          isOpen = this.path(isValue, leaveOpen);
        });
        return isOpen;
      }
      default:
        throw new V0Error(`path ${tag}`);
    }
  }

  /** M: <T>, X: <T as Trait> of an implementation (whose own path is not shown), Y: <T as Trait> in general. */
  #implementation(tag: string): void {
    if (tag !== 'Y') {
      this.#optionalBase62('s');
      this.#silently(() => this.path(false));
    }
    this.#print('<');
    this.#type();
    if (tag !== 'M') {
      this.#print(' as ');
      this.path(false);
    }
    this.#print('>');
  }

  #nestedPath(isValue: boolean): void {
    const namespace = this.#next();
    this.path(isValue);
    const { name, disambiguator } = this.#identifier();
    if (/[A-Z]/.test(namespace)) {
      const kind = namespace === 'C' ? 'closure' : namespace === 'S' ? 'shim' : namespace;
      this.#print(`::{${kind}${name === '' ? '' : `:${name}`}#${disambiguator}}`);
    } else if (name !== '') {
      this.#print(`::${name}`);
    }
  }

  #list(item: () => void): number {
    let count = 0;
    while (!this.#consume('E')) {
      if (count++ > 0) this.#print(', ');
      item();
    }
    return count;
  }

  #genericArgument(): void {
    if (this.#consume('L')) this.#lifetime(this.#base62());
    else if (this.#consume('K')) this.#constant(false);
    else this.#type();
  }

  /** 0 is erased, 1 the innermost bound one. */
  #lifetime(index: number): void {
    if (index === 0) {
      this.#print("'_");
      return;
    }
    const depth = this.#boundLifetimes - index;
    if (depth < 0) throw new V0Error('unbound lifetime');
    this.#print(depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'_${depth}`);
  }

  /** `for<'a> ` before a function type or trait object. */
  #binder(run: () => void): void {
    const count = this.#optionalBase62('G');
    if (count > 1000) throw new V0Error('too many lifetimes');
    const names: string[] = [];
    const before = this.#boundLifetimes;
    for (let i = 0; i < count; i++) {
      const depth = this.#boundLifetimes++;
      names.push(depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'_${depth}`);
    }
    if (count > 0) this.#print(`for<${names.join(', ')}> `);
    run();
    this.#boundLifetimes = before;
  }

  #type(): void {
    this.#deeper(() => this.#typeOf(this.#next()));
  }

  #typeOf(tag: string): void {
    const basic = BASIC_TYPES.get(tag);
    if (basic) return this.#print(basic);
    switch (tag) {
      case 'R':
      case 'Q':
        this.#print('&');
        if (this.#consume('L')) {
          const lifetime = this.#base62();
          if (lifetime !== 0) {
            this.#lifetime(lifetime);
            this.#print(' ');
          }
        }
        if (tag === 'Q') this.#print('mut ');
        return this.#type();
      case 'P':
      case 'O':
        this.#print(tag === 'P' ? '*const ' : '*mut ');
        return this.#type();
      case 'A':
      case 'S':
        this.#print('[');
        this.#type();
        if (tag === 'A') {
          this.#print('; ');
          this.#constant(true);
        }
        return this.#print(']');
      case 'T': {
        this.#print('(');
        const count = this.#list(() => this.#type());
        return this.#print(count === 1 ? ',)' : ')');
      }
      case 'F':
        return this.#binder(() => this.#functionType());
      case 'D':
        return this.#traitObject();
      case 'B':
        return this.#backReference(() => this.#type());
      default:
        this.#position--;
        this.path(false);
    }
  }

  #functionType(): void {
    if (this.#consume('U')) this.#print('unsafe ');
    if (this.#consume('K')) {
      const abi = this.#consume('C') ? 'C' : this.#identifier().name.replaceAll('_', '-');
      this.#print(`extern "${abi}" `);
    }
    this.#print('fn(');
    this.#list(() => this.#type());
    this.#print(')');
    if (this.#consume('u')) return;
    this.#print(' -> ');
    this.#type();
  }

  #traitObject(): void {
    this.#print('dyn ');
    this.#binder(() => {
      let count = 0;
      while (!this.#consume('E')) {
        if (count++ > 0) this.#print(' + ');
        this.#dynTrait();
      }
    });
    if (!this.#consume('L')) throw new V0Error('a lifetime wanted');
    const lifetime = this.#base62();
    if (lifetime !== 0) {
      this.#print(' + ');
      this.#lifetime(lifetime);
    }
  }

  #dynTrait(): void {
    let isOpen = this.path(false, true);
    while (this.#consume('p')) {
      this.#print(isOpen ? ', ' : '<');
      isOpen = true;
      this.#print(`${this.#identifier().name} = `);
      this.#type();
    }
    if (isOpen) this.#print('>');
  }

  #constant(isValue: boolean): void {
    this.#deeper(() => this.#constantOf(this.#next(), isValue));
  }

  #constantOf(tag: string, isValue: boolean): void {
    if ('hjmoty'.includes(tag)) return this.#print(this.#hexNumber());
    if ('ailnsx'.includes(tag)) {
      const sign = this.#consume('n') ? '-' : '';
      return this.#print(sign + this.#hexNumber());
    }
    switch (tag) {
      case 'p':
        return this.#print('_');
      case 'b': {
        const value = this.#hexDigits();
        if (value !== '0' && value !== '1') throw new V0Error('bool');
        return this.#print(value === '1' ? 'true' : 'false');
      }
      case 'c': {
        const point = Number.parseInt(this.#hexDigits() || '0', 16);
        if (point > 0x10ffff) throw new V0Error('char');
        return this.#print(quote(String.fromCodePoint(point), "'"));
      }
      case 'B':
        return this.#backReference(() => this.#constant(isValue));
      default:
        return this.#structured(tag, isValue);
    }
  }

  /** Strings, references, arrays, tuples and structures. */
  #structured(tag: string, isValue: boolean): void {
    if (tag === 'R' && this.#consume('e')) return this.#print(quote(this.#hexString(), '"'));
    const needsBraces = !isValue;
    if (needsBraces) this.#print('{');
    if (tag === 'e') this.#print(`*${quote(this.#hexString(), '"')}`);
    else if (tag === 'R' || tag === 'Q') {
      this.#print(tag === 'R' ? '&' : '&mut ');
      this.#constant(true);
    } else if (tag === 'A') {
      this.#print('[');
      this.#list(() => this.#constant(true));
      this.#print(']');
    } else if (tag === 'T') {
      this.#print('(');
      const count = this.#list(() => this.#constant(true));
      this.#print(count === 1 ? ',)' : ')');
    } else if (tag === 'V') this.#structure();
    else throw new V0Error(`constant ${tag}`);
    if (needsBraces) this.#print('}');
  }

  #structure(): void {
    this.path(true);
    const kind = this.#next();
    if (kind === 'T') {
      this.#print('(');
      this.#list(() => this.#constant(true));
      this.#print(')');
    } else if (kind === 'S') {
      this.#print(' { ');
      this.#list(() => {
        this.#print(`${this.#identifier().name}: `);
        this.#constant(true);
      });
      this.#print(' }');
    } else if (kind !== 'U') throw new V0Error('fields');
  }

  #hexDigits(): string {
    const start = this.#position;
    while (!this.#consume('_')) if (!/[0-9a-f]/.test(this.#next())) throw new V0Error('hexadecimal digits wanted');
    return this.#input.slice(start, this.#position - 1);
  }

  #hexNumber(): string {
    const digits = this.#hexDigits();
    return digits.length > 16 ? `0x${digits}` : BigInt(`0x${digits || '0'}`).toString();
  }

  #hexString(): string {
    const digits = this.#hexDigits();
    const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    return new TextDecoder().decode(bytes);
  }
}
