// The bugs themselves: what is made wrong, and which use shows it. A scenario is a template for one wrong and one clean
// function; programs.ts sends it through the flows.

import { CHAR, ELEMENTS, type Element, INT, INT64, PAIR, STORAGES, type Storage, storage, WCHAR } from './elements.ts';

export interface Scenario {
  readonly name: string;
  readonly cpp?: boolean | undefined;
  /** Type of the variable `data`, and what it holds at first. */
  readonly type: string;
  readonly initial: string;
  /** In front of the functions. */
  readonly global?: string;
  readonly declare?: string;
  readonly bad: Halves;
  readonly good: Halves;
}

interface Halves {
  readonly declare?: string;
  readonly make: string;
  readonly use: string;
}

const NULL_OF = (type: string) => (type.endsWith('*') ? 'NULL' : '0');

/** A buffer of `small` elements where `large` are needed. */
interface Sizes {
  readonly small: number;
  readonly large: number;
}

/** `data` becomes a buffer of `count` elements. */
function buffer(
  e: Element,
  s: Storage,
  name: string,
  count: number,
): { global: string; declare: string; make: string } {
  return {
    global: s.global?.(e, name, count) ?? '',
    declare: s.declare?.(e, name, count) ?? '',
    make: s.make ? s.make(e, count) : name,
  };
}

function firstElement(e: Element): string {
  return e.strings === 'str' ? 'data[0] = 0;' : e.strings === 'wcs' ? 'data[0] = 0;' : '';
}

/** `source`, with `count` elements. */
function source(e: Element, count: number, name = 'source'): string {
  const fill = `for (size_t i = 0; i < ${count}; i++) ${name}[i] = ${e.value};`;
  const end = e.strings ? ` ${name}[${count - 1}] = 0;` : '';
  return `${e.type} ${name}[${count}]; ${fill}${end}`;
}

export interface Copy {
  readonly name: string;
  readonly of: 'any' | 'str' | 'wcs';
  readonly cpp?: boolean;
  /** Copies `count` elements of `from` to `to`. */
  readonly text: (e: Element, to: string, from: string, count: number) => string;
}

/** Every way to copy that programs use. */
export const COPIES: readonly Copy[] = [
  { name: 'loop', of: 'any', text: (_, to, from, n) => `for (size_t i = 0; i < ${n}; i++) { ${to}[i] = ${from}[i]; }` },
  { name: 'memcpy', of: 'any', text: (e, to, from, n) => `memcpy(${to}, ${from}, ${n} * sizeof(${e.type}));` },
  { name: 'memmove', of: 'any', text: (e, to, from, n) => `memmove(${to}, ${from}, ${n} * sizeof(${e.type}));` },
  { name: 'cpy', of: 'str', text: (_, to, from) => `strcpy(${to}, ${from});` },
  { name: 'ncpy', of: 'str', text: (_, to, from, n) => `strncpy(${to}, ${from}, ${n - 1});` },
  { name: 'cat', of: 'str', text: (_, to, from) => `${to}[0] = 0; strcat(${to}, ${from});` },
  { name: 'ncat', of: 'str', text: (_, to, from, n) => `${to}[0] = 0; strncat(${to}, ${from}, ${n});` },
  { name: 'snprintf', of: 'str', text: (_, to, from, n) => `snprintf(${to}, ${n}, "%s", ${from});` },
  { name: 'sprintf', of: 'str', text: (_, to, from) => `sprintf(${to}, "%s", ${from});` },
  { name: 'cpy', of: 'wcs', text: (_, to, from) => `wcscpy(${to}, ${from});` },
  { name: 'ncpy', of: 'wcs', text: (_, to, from, n) => `wcsncpy(${to}, ${from}, ${n - 1});` },
  { name: 'cat', of: 'wcs', text: (_, to, from) => `${to}[0] = 0; wcscat(${to}, ${from});` },
  { name: 'ncat', of: 'wcs', text: (_, to, from, n) => `${to}[0] = 0; wcsncat(${to}, ${from}, ${n});` },
  { name: 'swprintf', of: 'wcs', text: (_, to, from, n) => `swprintf(${to}, ${n}, L"%ls", ${from});` },
];

export function copiesOf(e: Element): readonly Copy[] {
  return COPIES.filter((c) => c.of === 'any' || c.of === e.strings);
}

// ------------------------------------------------------------------------------------------------ too far right

/** Copies `large` elements into a buffer of `small` ones. */
export function overflowByCopy(e: Element, s: Storage, copy: Copy, { small, large }: Sizes): Scenario {
  const bad = buffer(e, s, 'NAME_small', small);
  const good = buffer(e, s, 'NAME_large', large);
  const use = `${source(e, large)} ${copy.text(e, 'data', 'source', large)} ${e.print('data[0]')} ${s.release ?? ''}`;
  return {
    name: `${s.name}_${e.name}_${copy.name}${small + 1 === large ? '_by_one' : ''}`,
    cpp: s.cpp,
    type: `${e.type} *`,
    initial: 'NULL',
    global: bad.global + good.global,
    declare: `${bad.declare} ${good.declare}`,
    bad: { make: `data = ${bad.make}; ${firstElement(e)}`, use },
    good: { make: `data = ${good.make}; ${firstElement(e)}`, use },
  };
}

/** Reads `large` elements out of a buffer of `small` ones. */
export function overReadByCopy(e: Element, s: Storage, copy: Copy, { small, large }: Sizes): Scenario {
  const bad = buffer(e, s, 'NAME_small', small);
  const good = buffer(e, s, 'NAME_large', large);
  const fill = (count: number) =>
    `for (size_t i = 0; i < ${count}; i++) data[i] = ${e.value};${e.strings ? ` data[${count - 1}] = 0;` : ''}`;
  const end = e.strings ? `to[${large - 1}] = 0;` : '';
  const use = `${source(e, large, 'to')} ${copy.text(e, 'to', 'data', large)} ${end} ${e.print('to[0]')} ${e.print(`to[${large - 2}]`)} ${s.release ?? ''}`;
  return {
    name: `${s.name}_${e.name}_${copy.name}`,
    cpp: s.cpp,
    type: `${e.type} *`,
    initial: 'NULL',
    global: bad.global + good.global,
    declare: `${bad.declare} ${good.declare}`,
    bad: { make: `data = ${bad.make}; ${fill(small)}`, use },
    good: { make: `data = ${good.make}; ${fill(large)}`, use },
  };
}

/** A text without its end goes to a function that looks for it. */
export function unterminated(e: Element, s: Storage, call: string): Scenario {
  const made = buffer(e, s, 'NAME_text', 20);
  const fill = `for (size_t i = 0; i < 20; i++) data[i] = ${e.value};`;
  return {
    name: `${s.name}_${e.name}_${call.replace(/\W.*/, '')}_unterminated`,
    cpp: s.cpp,
    type: `${e.type} *`,
    initial: 'NULL',
    global: made.global,
    declare: made.declare,
    bad: { make: `data = ${made.make}; ${fill}`, use: `${call} ${s.release ?? ''}` },
    good: { make: `data = ${made.make}; ${fill} data[19] = 0;`, use: `${call} ${s.release ?? ''}` },
  };
}

// ------------------------------------------------------------------------------------------------ too far left

export function underwriteByCopy(e: Element, s: Storage, copy: Copy): Scenario {
  const use = `${source(e, 100)} ${copy.text(e, 'data', 'source', 100)} ${e.print('data[0]')}`;
  return before(e, s, copy.name, use, '');
}

export function underReadByCopy(e: Element, s: Storage, copy: Copy): Scenario {
  const end = e.strings ? 'to[99] = 0;' : '';
  const use = `${source(e, 100, 'to')} ${copy.text(e, 'to', 'data', 100)} ${end} ${e.print('to[0]')}`;
  return before(e, s, copy.name, use, '');
}

/** `data` points 8 elements in front of a filled buffer of 100. */
function before(e: Element, s: Storage, name: string, use: string, make: string): Scenario {
  const made = buffer(e, s, 'NAME_buffer', 100);
  const fill = `${e.type} *whole = ${made.make}; for (size_t i = 0; i < 100; i++) whole[i] = ${e.value};${e.strings ? ' whole[99] = 0;' : ''}`;
  return {
    name: `${s.name}_${e.name}_${name}`,
    cpp: s.cpp,
    type: `${e.type} *`,
    initial: 'NULL',
    global: made.global,
    declare: made.declare,
    bad: { make: `{ ${fill} data = whole - 8; ${make} }`, use },
    good: { make: `{ ${fill} data = whole; ${make} }`, use: `${use} ${s.release ?? ''}` },
  };
}

// ------------------------------------------------------------------------------------------------ a wrong index

/** Where a number comes from. */
const NUMBERS: readonly { readonly name: string; readonly text: (value: number) => string }[] = [
  { name: 'constant', text: (v) => `data = ${v};` },
  { name: 'typed', text: (v) => `data = read_number("${v}");` },
  { name: 'computed', text: (v) => `data = returns_true() * ${v};` },
];

/** `data` is an index into ten elements. */
export function wrongIndex(e: Element, s: Storage, way: 'write' | 'read', index: number, from: number): Scenario {
  const number = NUMBERS[from % NUMBERS.length]!;
  const made = buffer(e, s, 'NAME_ten', 10);
  const global = made.global;
  const fill = `${made.declare} ${e.type} *ten = ${made.make}; for (size_t i = 0; i < 10; i++) ten[i] = ${e.value};`;
  // A declared array is indexed by its own name, as programs do.
  const base = s.name === 'declared' ? 'NAME_ten' : 'ten';
  const act =
    way === 'write'
      ? `if (data < 10 + ${index}) { int i = data; ${base}[data] = ${e.value}; (void)i; } for (int i = 0; i < 10; i++) { ${e.print(`${base}[i]`)} }`
      : `if (data < 10 + ${index}) { ${e.print(`${base}[data]`)} }`;
  const release = s.release?.replace('data', 'ten') ?? '';
  const use = `${fill} ${act} ${release}`;
  return {
    name: `${s.name}_${e.name}_index_${number.name}`,
    cpp: s.cpp,
    type: 'int',
    initial: '-1',
    global,
    bad: { make: number.text(index), use },
    good: { make: number.text(7), use },
  };
}

/** Room for a pointer where the object itself is meant. */
export function sizeOfPointer(e: Element, s: Storage): Scenario {
  const set = `*data = (${e.type})${e.type.startsWith('struct') ? '{1, 2}' : '1'};`;
  const make = (what: string) => `data = (${e.type} *)${s.name === 'alloca' ? 'alloca' : 'malloc'}(sizeof(${what}));`;
  return {
    name: `${s.name}_${e.name}_size_of_pointer`,
    type: `${e.type} *`,
    initial: 'NULL',
    bad: { make: `${make('data')} ${set}`, use: `${e.print('(*data)')} ${s.release ?? ''}` },
    good: { make: `${make('*data')} ${set}`, use: `${e.print('(*data)')} ${s.release ?? ''}` },
  };
}

// ------------------------------------------------------------------------------------------------ the heap's own

const HEAP = STORAGES.filter((s) => s.place === 'heap');

function heapScenario(s: Storage, e: Element, name: string, bad: Halves, good: Halves): Scenario {
  return { name: `${s.name}_${e.name}_${name}`, cpp: s.cpp, type: `${e.type} *`, initial: 'NULL', bad, good };
}

const filled = (e: Element, s: Storage, count = 100): string =>
  `data = ${s.make!(e, count)}; for (size_t i = 0; i < ${count}; i++) data[i] = ${e.value};${e.strings ? ` data[${count - 1}] = 0;` : ''}`;

export function leaks(): Scenario[] {
  return HEAP.flatMap((s) =>
    [CHAR, INT64, PAIR].map((e) => {
      const use = e.print('data[0]');
      return heapScenario(
        s,
        e,
        'forgotten',
        { make: filled(e, s), use },
        { make: filled(e, s), use: `${use} ${s.release}` },
      );
    }),
  );
}

export function doubleFrees(): Scenario[] {
  return HEAP.flatMap((s) =>
    [CHAR, INT, PAIR].map((e) =>
      heapScenario(
        s,
        e,
        'twice',
        { make: `${filled(e, s)} ${s.release}`, use: s.release! },
        { make: filled(e, s), use: s.release! },
      ),
    ),
  );
}

export function usesAfterFree(): Scenario[] {
  return HEAP.flatMap((s) =>
    ELEMENTS.map((e) => {
      const read = e.print(`data[${e === INT ? 5 : 0}]`);
      const use = e === INT64 ? `data[3] = 1;` : read;
      return heapScenario(
        s,
        e,
        'freed',
        { make: `${filled(e, s)} ${s.release}`, use },
        { make: filled(e, s), use: `${use} ${s.release}` },
      );
    }),
  );
}

export function nullDereferences(): Scenario[] {
  return ELEMENTS.map((e) => {
    const good = `data = (${e.type} *)calloc(2, sizeof(${e.type})); *data = (${e.type})${e.type.startsWith('struct') ? '{1, 2}' : e === CHAR || e === WCHAR ? "'c'" : '0'};`;
    const use = e.print('data[0]');
    return {
      name: `${e.name}_null`,
      type: `${e.type} *`,
      initial: 'NULL',
      bad: { make: 'data = NULL;', use },
      good: { make: good, use: `${use} free(data);` },
    };
  });
}

export function freesOfNonHeap(): Scenario[] {
  return STORAGES.filter((s) => s.place !== 'heap').flatMap((s) =>
    [CHAR, INT64, PAIR].flatMap((e) =>
      ['malloc', 'new'].map((how) => {
        const made = buffer(e, s, 'NAME_local', 100);
        const heap = storage(how);
        return {
          name: `${s.name}_${e.name}_${how === 'new' ? 'delete' : 'free'}`,
          cpp: heap.cpp,
          type: `${e.type} *`,
          initial: NULL_OF(`${e.type} *`),
          global: made.global,
          declare: made.declare,
          bad: {
            make: `data = ${made.make}; for (size_t i = 0; i < 100; i++) data[i] = ${e.value};`,
            use: `${e.print('data[0]')} ${heap.release}`,
          },
          good: { make: filled(e, heap), use: `${e.print('data[0]')} ${heap.release}` },
        };
      }),
    ),
  );
}

export function wrongPointerFrees(): Scenario[] {
  const search = { str: "'S'", wcs: "L'S'" } as const;
  return HEAP.flatMap((s) =>
    [CHAR, WCHAR].map((e) => {
      const sought = search[e.strings!];
      const text = `data = ${s.make!(e, 100)}; data[0] = 0; ${e === CHAR ? 'strcpy(data, "Fixed String");' : 'wcscpy(data, L"Fixed String");'}`;
      return heapScenario(
        s,
        e,
        'moved',
        {
          make: text,
          use: `for (; *data != 0; data++) { if (*data == ${sought}) { print_line("found"); break; } } ${s.release}`,
        },
        {
          make: text,
          use: `for (size_t i = 0; i < 100 && data[i] != 0; i++) { if (data[i] == ${sought}) { print_line("found"); break; } } ${s.release}`,
        },
      );
    }),
  );
}
