// Writes C programs that are correct by construction and use the stack in every way a frame can be used: arrays, structs,
// pointers to the end of an array, nested blocks, VLAs, alloca, structs by value and returned, variadic calls, recursion,
// longjmp. What they print must not depend on where their variables lie.

/** A small generator with a seed (mulberry32). */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const TYPES = ['char', 'short', 'int', 'long long', 'double', 'float', 'unsigned char'];

const PRELUDE = `
#include <alloca.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
typedef struct { int a; char b[5]; long long c; } S;
typedef struct { char x[3]; } T;
static unsigned long long sum = 1;
static volatile int zero = 0;
__attribute__((noinline)) static void mix(long long v) { sum = sum * 31 + (unsigned long long)v; }
__attribute__((noinline)) static void touch(void *p, int n) { volatile unsigned char *q = p; for (int i = 0; i < n; i++) q[i] = (unsigned char)(q[i] + i); }
__attribute__((noinline)) static void hash(const void *p, int n) { const unsigned char *q = p; for (int i = 0; i < n; i++) mix(q[i]); }
__attribute__((noinline)) static long long va(int n, ...) { va_list l; va_start(l, n); long long s = 0; for (int i = 0; i < n; i++) s = s * 3 + (i & 1 ? (long long)va_arg(l, double) : va_arg(l, int)); va_end(l); return s; }
__attribute__((noinline)) static S make(int v) { S s; memset(&s, v, sizeof s); s.a = v; return s; }
__attribute__((noinline)) static long long take(S s, T t, int k) { touch(&s, sizeof s); return s.a + s.b[k % 5] + s.c + t.x[k % 3]; }
`;

type Say = (line: string) => void;

/** One statement of a random kind that uses the locals declared so far. */
function statement(rnd: (n: number) => number, arrays: { name: string; type: string; size: number }[], say: Say): void {
  const a = arrays[rnd(arrays.length)]!;
  const b = arrays[rnd(arrays.length)]!;
  const index = rnd(a.size);
  switch (rnd(14)) {
    case 0:
      return say(`touch(${a.name}, sizeof ${a.name}); hash(${a.name}, sizeof ${a.name});`);
    case 1:
      return say(`${a.name}[${index}] = (${a.type})(n + ${rnd(99)}); mix((long long)${a.name}[${index}]);`);
    case 2:
      return say(`for (${a.type} *p = ${a.name}; p != ${a.name} + ${a.size}; p++) *p = (${a.type})(*p + 1);`);
    case 3:
      return say(
        `{ ${a.type} *end = ${a.name} + ${a.size}; long long t = 0; while (end != ${a.name}) t = t * 7 + (long long)*--end; mix(t); }`,
      );
    case 4:
      return say(`mix((long long)${a.name}[(n + ${index} + zero) % ${a.size}]);`);
    case 5:
      return say(`{ char v[(n & 15) + 1]; memset(v, n, sizeof v); touch(v, sizeof v); hash(v, sizeof v); }`);
    case 6:
      return say(`{ char *v = alloca(${rnd(60) + 1}); memset(v, n, ${1}); mix(v[0]); }`);
    case 7:
      return say(`{ S s = make(n); T t = { { 1, 2, (char)n } }; mix(take(s, t, n & 7)); hash(&s.c, sizeof s.c); }`);
    case 8:
      return say(`mix(va(4, n, 2.5 * n, ${rnd(50)}, (double)${a.name}[${index}]));`);
    case 9:
      return say(
        `switch (n & 7) { case 0: mix(1); break; case 3: touch(${a.name}, 1); break; case 5: hash(${b.name}, sizeof ${b.name}); break; default: mix(n); }`,
      );
    case 10:
      return say(
        `memcpy(${a.name}, ${b.name}, sizeof ${a.name} < sizeof ${b.name} ? sizeof ${a.name} : sizeof ${b.name});`,
      );
    case 11:
      return say(
        `for (int i = 0; i < 3; i++) { char blk[${rnd(20) + 1}]; memset(blk, i + n, sizeof blk); if (n & 1) { int in[${rnd(4) + 1}]; touch(in, 0); in[0] = i; mix(in[0]); } hash(blk, sizeof blk); }`,
      );
    case 12:
      return say(
        `{ char text[40]; int len = snprintf(text, sizeof text, "%d-%s-%c", n, "abc", 'x'); hash(text, len + 1); }`,
      );
    default:
      return say(
        `{ _Alignas(64) char al[${rnd(70) + 1}]; mix((long long)((unsigned long)al % 64)); memset(al, n, sizeof al); hash(al, sizeof al); }`,
      );
  }
}

export function randomProgram(seed: number, functions = 12): string {
  const rnd = random(seed);
  const lines = [PRELUDE];
  for (let f = 0; f < functions; f++) {
    const arrays = Array.from({ length: rnd(4) + 1 }, (_, i) => ({
      name: `v${i}`,
      type: TYPES[rnd(TYPES.length)]!,
      size: rnd(3) === 0 ? rnd(40) + 1 : rnd(8) + 1,
    }));
    lines.push(`__attribute__((noinline)) static void f${f}(int n) {`);
    for (const { name, type, size } of arrays) {
      lines.push(`  ${type} ${name}[${size}]; memset(${name}, ${rnd(5)}, sizeof ${name});`);
      if (rnd(2)) lines.push(`  int s${name} = n + ${rnd(9)}; ${rnd(2) ? `touch(&s${name}, 4); ` : ''}mix(s${name});`);
    }
    for (let k = rnd(7) + 2; k > 0; k--) statement(rnd, arrays, (line) => lines.push(`  ${line}`));
    if (rnd(4) === 0) lines.push(`  if (n > 3) { f${f}(n - 2); return; }`);
    for (const { name } of arrays) lines.push(`  hash(${name}, sizeof ${name});`);
    if (f > 0 && rnd(2)) lines.push(`  if (n > 0) f${rnd(f)}(n - 1);`);
    lines.push('}');
  }
  lines.push('int main(void) {');
  for (let f = 0; f < functions; f++) lines.push(`  f${f}(${rnd(9)}); printf("%d %llx\\n", ${f}, sum);`);
  lines.push('  return 0;', '}');
  return lines.join('\n');
}
