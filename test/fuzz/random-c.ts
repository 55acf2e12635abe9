// Random C programs without memory errors, from a seed: blocks that grow and shrink, arrays on the stack and of variable
// length, structs, strings, function pointers, recursion. Each prints what it computed and exits with it; some trap.

/** Numbers in [0, limit), always the same for a seed. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const PRELUDE = `#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef uint32_t u32;
struct item { uint8_t tag; uint16_t small; u32 value; uint64_t wide; float real; struct item *next; char name[11]; };
static u32 table[64], mixed = 1;
static uint8_t bytes[128];
static struct item fixed[8];
static u32 mix(u32 x) { mixed = (mixed ^ x) * 2654435761u; mixed ^= mixed >> 15; return mixed; }
`;

class Generator {
  private readonly next: (limit: number) => number;
  private depth = 0;
  private readonly functions: number;

  constructor(seed: number, functions: number) {
    this.next = randomNumbers(seed);
    this.functions = functions;
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[this.next(choices.length)]!;
  }

  program(): string {
    const bodies = Array.from({ length: this.functions }, (_, i) => this.function(i));
    const names = bodies.map((_, i) => `f${i}`);
    return [
      PRELUDE,
      ...names.map((name) => `static u32 ${name}(u32 a, u32 b, int depth);`),
      `static u32 (*const calls[])(u32, u32, int) = {${names.join(', ')}};`,
      ...bodies,
      'int main(int argc, char **argv) {',
      '  u32 seed = argc > 1 ? (u32)atoi(argv[1]) : 1;',
      `  for (u32 i = 0; i < ${this.functions}; i++) { u32 r = calls[i](seed + i, i * 7, 3); printf("%u %u\\n", (unsigned)i, (unsigned)r); }`,
      '  for (int i = 0; i < 64; i++) mix(table[i]);',
      '  for (int i = 0; i < 128; i++) mix(bytes[i]);',
      '  for (int i = 0; i < 8; i++) { mix(fixed[i].value); mix((u32)fixed[i].wide); mix(fixed[i].small); }',
      '  printf("%u\\n", (unsigned)mixed);',
      this.next(4) === 0 ? '  fflush(stdout);\n  if (mixed != seed) __builtin_trap();' : '',
      '  return (int)(mixed & 127);',
      '}',
      '',
    ].join('\n');
  }

  private function(index: number): string {
    const statements = Array.from({ length: 4 + this.next(5) }, () => `  ${this.statement(index)}`);
    return [
      `__attribute__((noinline)) static u32 f${index}(u32 a, u32 b, int depth) {`,
      '  u32 x = a, y = b, local[16] = {0};',
      '  char text[24] = "abc";',
      '  if (depth == 0) return mix(a ^ b);',
      ...statements,
      '  for (int i = 0; i < 16; i++) x += local[i] * (u32)i;',
      '  return mix(x + y + (u32)strlen(text));',
      '}',
    ].join('\n');
  }

  private expression(): string {
    if (this.depth > 2) return this.leaf();
    this.depth++;
    const left = this.expression();
    const right = this.expression();
    this.depth--;
    return this.pick([
      () => `(${left} ${this.pick(['+', '-', '*', '^', '&', '|', '<', '=='])} ${right})`,
      () => `(${left} ${this.pick(['<<', '>>'])} (${right} & 31))`,
      () => `(${left} / (${right} | 1))`,
      () => `(${left} ? ${right} : x)`,
      () => this.leaf(),
    ])();
  }

  private leaf(): string {
    return this.pick([
      'a',
      'b',
      'x',
      'y',
      'mixed',
      String(this.next(1000)),
      `table[${this.pick(['x', 'y', 'a'])} & 63]`,
      `local[${this.pick(['x', 'y', 'b'])} & 15]`,
      'bytes[y & 127]',
      '*(u32 *)(bytes + (x & 124))',
      'fixed[x & 7].value',
      '(u32)fixed[y & 7].wide',
      'fixed[a & 7].small',
      '(u32)(uint8_t)text[y % 4]',
    ]);
  }

  private statement(self: number): string {
    const e = () => this.expression();
    const size = 1 + this.next(100);
    return this.pick([
      () => `x = ${e()};`,
      () => `y ^= ${e()};`,
      () => `table[${e()} & 63] = ${e()};`,
      () => `local[${e()} & 15] += ${e()};`,
      () => `bytes[${e()} & 127] = (uint8_t)${e()};`,
      () => `{ uint64_t w; memcpy(&w, bytes + (${e()} & 119), 8); x += (u32)(w >> 17); }`,
      () =>
        `{ struct item *p = &fixed[${e()} & 7]; p->value = ${e()}; p->wide += p->value; p->small = (uint16_t)y; p->tag++; }`,
      () => `for (u32 i = 0; i < (${e()} & 15); i++) { local[i] ^= x + i; y += local[15 - i]; }`,
      () =>
        `{ u32 *p = malloc(${size} * sizeof *p); for (u32 i = 0; i < ${size}; i++) p[i] = i * x; y += p[${e()} % ${size}]; free(p); }`,
      () =>
        `{ u32 n = 1 + (${e()} & 63); uint8_t *p = calloc(n, 1); p[n - 1] = (uint8_t)x; p = realloc(p, n * 2); memset(p + n, 7, n); for (u32 i = 0; i < n * 2; i++) y = y * 31 + p[i]; free(p); }`,
      () =>
        `{ u32 n = 1 + (${e()} & 31); uint16_t v[n]; for (u32 i = 0; i < n; i++) v[i] = (uint16_t)(i * y); x ^= v[n / 2]; }`,
      () =>
        `{ struct item *head = NULL; for (u32 i = 0; i < (${e()} & 7); i++) { struct item *p = malloc(sizeof *p); p->value = i + x; p->next = head; snprintf(p->name, sizeof p->name, "n%u", (unsigned)i); head = p; } while (head) { struct item *p = head->next; y += head->value + (u32)strlen(head->name); free(head); head = p; } }`,
      () =>
        `{ char *p = strdup(text); u32 n = (u32)strlen(p); if (n < 20) { text[n] = (char)('a' + (${e()} % 26)); text[n + 1] = 0; } x += (u32)(uint8_t)p[0]; free(p); }`,
      () => `memmove(bytes + (${e()} & 31), bytes + (${e()} & 31), ${e()} & 63);`,
      () =>
        `{ char line[32]; snprintf(line, sizeof line, "%u-%x", (unsigned)x, (unsigned)y); y += (u32)line[strlen(line) / 2]; }`,
      () => `x += calls[${e()} % ${this.functions}](y, x, depth - 1);`,
      () => `y -= f${(self + 1) % this.functions}(x, ${e()}, depth - 1);`,
      () =>
        `switch (${e()} & 3) { case 0: x++; break; case 1: y += x; /* on */ case 2: x ^= y; break; default: y = table[x & 63]; }`,
      () => `while ((x & 7) != 3 && y != 0) { x = x * 5 + 1; y >>= 1; table[y & 63]++; }`,
    ])();
  }
}

export function randomProgram(seed: number, functions = 12): string {
  return `// seed ${seed}\n${new Generator(seed, functions).program()}`;
}
