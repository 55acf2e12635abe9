// LeakSanitizer's semantics on C and C++ programs: what is lost is reported with its size and stack, what can still be
// reached is not, and nothing of the C library shows up.

import { describe, expect, test } from 'vitest';
import { leakLines, runForLeaks } from './harness.ts';

const HEAD = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
struct node { struct node *next; char load[20]; };
static void *volatile sink;
NOINLINE static void *keep(void *p) { sink = p; void *q = sink; sink = 0; return q; }
NOINLINE static void wipe(void) { volatile char dirt[4096]; memset((char *)dirt, 0, sizeof dirt); }
`;

interface Case {
  readonly name: string;
  readonly source: string;
  readonly leaks: readonly string[];
}

const LOST: readonly Case[] = [
  {
    name: 'one block',
    source: 'NOINLINE void lose(void) { keep(malloc(10)); } int main(void) { lose(); }',
    leaks: ['direct 10 in 1: malloc<lose<main'],
  },
  {
    name: 'three blocks of one stack are one leak',
    source:
      'NOINLINE void lose(void) { keep(malloc(7)); } int main(void) { for (volatile int i = 0; i < 3; i++) lose(); }',
    leaks: ['direct 21 in 3: malloc<lose<main'],
  },
  {
    name: 'an empty block',
    source: 'NOINLINE void lose(void) { keep(malloc(0)); } int main(void) { lose(); }',
    leaks: ['direct 0 in 1: malloc<lose<main'],
  },
  {
    name: 'a list by its head: the rest is indirect',
    source: `NOINLINE struct node *make(struct node *next) { struct node *n = keep(malloc(sizeof *n)); n->next = next; return n; }
NOINLINE void lose(void) { struct node *l = 0; for (volatile int i = 0; i < 4; i++) l = make(l); keep(l); }
int main(void) { lose(); }`,
    leaks: ['direct 24 in 1: malloc<make<lose', 'indirect 72 in 3: malloc<make<lose'],
  },
  {
    name: 'a ring has no head',
    source: `NOINLINE void lose(void) { struct node *a = keep(malloc(24)), *b = keep(malloc(24)); a->next = b; b->next = a; }
int main(void) { lose(); }`,
    leaks: ['indirect 24 in 1: malloc<lose<main', 'indirect 24 in 1: malloc<lose<main'],
  },
  {
    name: 'a block that points to itself is lost directly',
    source: `NOINLINE void lose(void) { struct node *a = keep(malloc(24)); a->next = a; } int main(void) { lose(); }`,
    leaks: ['direct 24 in 1: malloc<lose<main'],
  },
  {
    name: 'a pointer one past the end',
    source: `char *volatile past; NOINLINE void lose(void) { past = (char *)keep(malloc(16)) + 16; } int main(void) { lose(); }`,
    leaks: ['direct 16 in 1: malloc<lose<main'],
  },
  {
    name: 'an unaligned pointer',
    source: `char box[16]; NOINLINE void lose(void) { void *p = keep(malloc(12)); memcpy(box + 1, &p, sizeof p); } int main(void) { lose(); }`,
    leaks: ['direct 12 in 1: malloc<lose<main'],
  },
  {
    name: 'only a freed block points to it',
    source: `NOINLINE void lose(void) { struct node *a = keep(malloc(24)); a->next = keep(malloc(13)); free(a); } int main(void) { lose(); }`,
    leaks: ['direct 13 in 1: malloc<lose<main'],
  },
  {
    name: "large ones, which sizes among the allocator's own words point into",
    source: `NOINLINE void lose(int n) { keep(malloc(n)); } int main(void) { lose(70000); lose(300000); lose(3000000); puts("x"); }`,
    leaks: [
      'direct 3000000 in 1: malloc<lose<main',
      'direct 300000 in 1: malloc<lose<main',
      'direct 70000 in 1: malloc<lose<main',
    ],
  },
  {
    name: 'the program exits with a code of its own',
    source: 'NOINLINE void lose(void) { keep(malloc(10)); } int main(void) { lose(); return 5; }',
    leaks: ['direct 10 in 1: malloc<lose<main'],
  },
  {
    name: 'allocated by main itself, which returned',
    source: 'int main(void) { keep(malloc(11)); return 3; }',
    leaks: ['direct 11 in 1: malloc<main<_start'],
  },
  {
    name: 'lost, then exit()',
    source: 'NOINLINE void lose(void) { keep(malloc(10)); } int main(void) { lose(); wipe(); exit(4); }',
    leaks: ['direct 10 in 1: malloc<lose<main'],
  },
  {
    name: 'the old value of a global',
    source: `char *global; NOINLINE void set(void) { global = keep(malloc(9)); } int main(void) { set(); set(); }`,
    leaks: ['direct 9 in 1: malloc<set<main'],
  },
  {
    name: 'calloc, realloc, aligned_alloc and strdup',
    source: `NOINLINE void a(void) { keep(calloc(3, 5)); } NOINLINE void b(void) { keep(realloc(keep(malloc(4)), 40)); }
NOINLINE void c(void) { keep(aligned_alloc(64, 128)); } NOINLINE void d(void) { keep(strdup("hello")); }
int main(void) { a(); b(); c(); d(); }`,
    leaks: [
      'direct 128 in 1: aligned_alloc<c<main',
      'direct 40 in 1: realloc<b<main',
      'direct 15 in 1: calloc<a<main',
      'direct 6 in 1: malloc<strdup<d',
    ],
  },
];

const REACHED: readonly { readonly name: string; readonly source: string }[] = [
  { name: 'everything freed', source: 'int main(void) { free(keep(malloc(10))); }' },
  { name: 'a global', source: 'char *global; int main(void) { global = keep(malloc(9)); }' },
  {
    name: 'a static variable with a value',
    source: 'static char *g = (char *)1; int main(void) { g = keep(malloc(9)); printf("%p", g); }',
  },
  {
    name: 'a list behind a global',
    source: `struct node *head; int main(void) { for (int i = 0; i < 100; i++) { struct node *n = keep(malloc(sizeof *n)); n->next = head; head = n; } }`,
  },
  {
    name: 'an interior pointer',
    source: 'char *inside; int main(void) { inside = (char *)keep(malloc(100)) + 57; }',
  },
  {
    name: 'pointers in an array that moved',
    source: `char **all; int main(void) { int n = 0; for (int i = 0; i < 300; i++) { if (i >= n) all = realloc(all, (n = n * 2 + 1) * sizeof *all); all[i] = keep(malloc(i)); } }`,
  },
  {
    name: "a local of main's, at exit()",
    source: `NOINLINE void work(char *p) { p[0] = 1; wipe(); exit(0); } int main(void) { char *p = malloc(10); work(p); free(p); }`,
  },
  {
    name: "a local of main's that a function made, at exit()",
    source: `NOINLINE char *make(void) { return keep(malloc(30)); }
NOINLINE void work(char *p) { keep(p); wipe(); if (p) exit(2); } int main(void) { char *p = make(); work(p); puts(p); free(p); }`,
  },
  {
    name: "an array in main's frame, at exit()",
    source: `NOINLINE void work(char **p) { wipe(); exit(p == 0); } int main(void) { char *p[8]; for (int i = 0; i < 8; i++) p[i] = malloc(10 + i); work(p); }`,
  },
  {
    name: 'freed by an atexit handler',
    source: `static char *g; static void bye(void) { free(g); g = 0; } int main(void) { g = malloc(10); atexit(bye); }`,
  },
  {
    name: 'an atexit handler that allocates and keeps',
    source: `char *volatile g; static void bye(void) { g = malloc(40); } int main(void) { atexit(bye); free(g); }`,
  },
  {
    name: 'the C library',
    source: `#include <locale.h>
int main(int argc, char **argv) { char line[40]; setenv("A", "b", 1); FILE *f = fopen("/nowhere", "r"); if (f) return 9;
setvbuf(stdout, 0, _IOFBF, 4096); printf("%s %d %f\\n", argv[0], argc, 1.5); fgets(line, sizeof line, stdin); setlocale(LC_ALL, ""); fflush(0); return getenv("A") == 0; }`,
  },
  {
    name: 'arguments, when main does not ask for them twice',
    source: 'int main(int argc, char **argv) { return argc == 4 && argv[3][0] == 99 ? 0 : 1; }',
  },
];

/** Linkers before LLVM 22 put the stack behind the data, where nothing tells its lower end. */
const STACK_BEHIND_DATA = '-Wl,--no-stack-first';
const BUILDS = [['-O0'], ['-O2'], ['-O0', STACK_BEHIND_DATA]] as const;

describe.each(BUILDS.map((flags) => ({ flags, title: flags.join(' ') })))('$title', ({ flags }) => {
  test.each(LOST)('lost: $name', async ({ source, leaks }) => {
    const { check } = await runForLeaks(HEAD + source, [...flags, '-g', '-fno-builtin']);
    expect(leakLines(check)).toEqual(leaks);
  });

  test.each(REACHED)('reached: $name', async ({ source }) => {
    const { check, result } = await runForLeaks(HEAD + source, [...flags, '-g', '-fno-builtin'], {
      args: ['a', 'b', 'c'],
      env: { X: 'y' },
    });
    expect(leakLines(check)).toEqual([]);
    expect(result.trap).toBeUndefined();
  });
});

/** A leak without the names of its functions. */
const withoutNames = (line: string) => line.replace(/:.*/, '');

describe('without any name', () => {
  const flags = ['-O2', '-s', '-fno-builtin'];
  /** Without free, malloc alone is not taken for an allocator. */
  const head = `${HEAD} __attribute__((export_name("freeing"))) void freeing(void *p) { free(p); }\n`;

  test.each(LOST.filter((c) => /^(a list|large|calloc)/.test(c.name)))('lost: $name', async ({ source, leaks }) => {
    const { check } = await runForLeaks(head + source, flags);
    expect(leakLines(check).map(withoutNames).sort()).toEqual(leaks.map(withoutNames).sort());
  });

  test.each(REACHED.filter((c) => /^(the C|pointers in|an array in)/.test(c.name)))(
    'reached: $name',
    async ({ source }) => {
      const { check } = await runForLeaks(head + source, flags, { args: ['a', 'b', 'c'], env: { X: 'y' } });
      expect(leakLines(check)).toEqual([]);
    },
  );

  // What a realloc that was inlined does to a block where it lies: it reads the size word, and uses or gives back the end.
  test.each([
    ['grows', 'int word = p[-1]; p = (int *)((char *)p + (word & -8) - 12);'],
    ['shrinks', 'int word = p[-1]; p[-1] = 27; p += 4; p[1] = word - 24 | 3;'],
  ])('reached: from a block that somebody unknown %s', async (_, resizes) => {
    const source = `int **volatile all; int main(void) { int *p = keep(malloc(40)); all = (int **)p; ${resizes} *(void **)p = keep(malloc(99)); }`;
    expect(leakLines((await runForLeaks(head + source, flags)).check)).toEqual([]);
  });
});

// Redzones push deep frames onto the spare stack, a block of the program's own allocator (runtime/spare-stack.ts). It is
// searched as the stack it stands for: up to the stack pointer, and no further.
describe('on the spare stack', () => {
  const DEEP = `${HEAD}
static char *first;
NOINLINE void hold(int n) { void *volatile held[4]; char *volatile p = malloc(n); held[2] = p; p = 0; sink = (void *)held; sink = 0; }
NOINLINE void stop(void) { char here; exit(&here > first ? 7 : 8); }
NOINLINE void down(int n, void (*last)(void)) { char pad[40]; sink = pad; sink = 0; if (n) down(n - 1, last); else last(); if (pad == sink) down(0, last); }
NOINLINE void holdAndStop(void) { void *volatile held[4]; held[2] = keep(malloc(10)); stop(); sink = held[1]; }
NOINLINE void holdDeeper(void) { hold(11); }
NOINLINE void deeper(void) { down(40, holdDeeper); stop(); }
NOINLINE void nothing(void) { hold(12); }
`;
  const run = (source: string, options = {}) =>
    runForLeaks(`${DEEP} int main(void) { char mine; first = &mine; ${source} }`, ['-O0', '-g', '-fno-builtin'], {
      useRegisters: false,
      ...options,
    });

  test('a frame in use keeps its blocks', async () => {
    const { check, result } = await run('down(500, holdAndStop);');
    expect([result.exitCode, leakLines(check)]).toEqual([7, []]);
    const blind = await run('down(500, holdAndStop);', { useStacks: false });
    expect(leakLines(blind.check)).toEqual(['direct 10 in 1: malloc<holdAndStop<down']);
  });

  test('a frame given back keeps none, below frames in use', async () => {
    const { check, result } = await run('down(500, deeper);');
    expect([result.exitCode, leakLines(check)]).toEqual([7, ['direct 11 in 1: malloc<hold<holdDeeper']]);
  });

  test('nor when the program is back on its own stack', async () => {
    const { check, result } = await run('down(500, nothing); stop();');
    expect([result.exitCode, leakLines(check)]).toEqual([8, ['direct 12 in 1: malloc<hold<nothing']]);
  });
});

test('an empty array of C++ objects is held by the address behind its count', async () => {
  const source = `struct Small { ~Small(); int x; };
struct Wide { ~Wide(); long long x; };
Small::~Small() { x = 1; }
Wide::~Wide() { x = 1; }
Small *volatile small;
Wide *volatile wide;
int main(int argc, char **) { small = new Small[argc - 1]; wide = new Wide[argc - 1]; }`;
  const { check } = await runForLeaks(source, ['-O0', '-g'], { file: 'array.cpp' });
  expect(check?.report).toBeUndefined();
});
