// What the objects of the generated programs are made of, and where they live.

export interface Element {
  readonly name: string;
  readonly type: string;
  /** A value for element `i`. */
  readonly value: string;
  /** Prints the element that this expression names. */
  readonly print: (element: string) => string;
  /** Prefix of its string functions, if it is a character. */
  readonly strings?: 'str' | 'wcs';
}

export const CHAR: Element = {
  name: 'char',
  type: 'char',
  value: "'C'",
  print: (e) => `print_char(${e});`,
  strings: 'str',
};
export const WCHAR: Element = {
  name: 'wchar',
  type: 'wchar_t',
  value: "L'C'",
  print: (e) => `print_wchar(${e});`,
  strings: 'wcs',
};
export const INT: Element = { name: 'int', type: 'int', value: '(int)i', print: (e) => `print_int(${e});` };
export const INT64: Element = {
  name: 'int64',
  type: 'int64_t',
  value: '(int64_t)i',
  print: (e) => `print_long_long(${e});`,
};
export const PAIR: Element = {
  name: 'struct',
  type: 'struct pair',
  value: '(struct pair){(int)i, 0}',
  print: (e) => `print_pair(&${e});`,
};
export const POINTER: Element = {
  name: 'pointer',
  type: 'const char *',
  value: '"text"',
  print: (e) => `print_line(${e});`,
};

export const ELEMENTS: readonly Element[] = [CHAR, WCHAR, INT, INT64, PAIR, POINTER];

/** Where an object lives: how one of `count` elements named `name` comes into being, and how it is given back. */
export interface Storage {
  readonly name: string;
  readonly place: 'stack' | 'heap' | 'static';
  readonly cpp?: boolean;
  /** In front of the function. */
  readonly global?: (e: Element, name: string, count: number) => string;
  /** Beside the variable that points to it; a stack object must be made in the function that outlives its use. */
  readonly declare?: (e: Element, name: string, count: number) => string;
  /** An expression that makes it where it is wanted. */
  readonly make?: (e: Element, count: number) => string;
  readonly release?: string;
}

const call = (name: string) => (e: Element, count: number) => `(${e.type} *)${name}(${count} * sizeof(${e.type}))`;

export const STORAGES: readonly Storage[] = [
  { name: 'declared', place: 'stack', declare: (e, name, count) => `${e.type} ${name}[${count}];` },
  {
    name: 'alloca',
    place: 'stack',
    declare: (e, name, count) => `${e.type} *${name} = ${call('alloca')(e, count)};`,
  },
  { name: 'malloc', place: 'heap', make: call('malloc'), release: 'free(data);' },
  {
    name: 'calloc',
    place: 'heap',
    make: (e, count) => `(${e.type} *)calloc(${count}, sizeof(${e.type}))`,
    release: 'free(data);',
  },
  {
    name: 'realloc',
    place: 'heap',
    make: (e, count) => `(${e.type} *)realloc(NULL, ${count} * sizeof(${e.type}))`,
    release: 'free(data);',
  },
  { name: 'new', place: 'heap', cpp: true, make: (e, count) => `new ${e.type}[${count}]`, release: 'delete[] data;' },
  { name: 'static', place: 'static', declare: (e, name, count) => `static ${e.type} ${name}[${count}];` },
  { name: 'global', place: 'static', global: (e, name, count) => `static ${e.type} ${name}[${count}];` },
  {
    name: 'member',
    place: 'stack',
    declare: (e, name, count) =>
      `struct { int before; ${e.type} data[${count}]; } ${name}_holder; ${e.type} *${name} = ${name}_holder.data;`,
  },
];

export function storage(name: string): Storage {
  return STORAGES.find((s) => s.name === name)!;
}
