// Misuses of objects with static storage. Each case is called correctly first, then wrongly: code that was optimised shows
// only by such a history which object an address belongs to.

interface GlobalCase {
  readonly name: string;
  readonly declares: string;
  /** Body of `void check_<name>(int i)`. */
  readonly body: string;
  /** Arguments that are fine, and one that is not. */
  readonly right: readonly number[];
  readonly wrong: number;
  /** Direction and size, relation to the variable, innermost frames. */
  readonly found: RegExp;
  /** Levels at which the pointer is kept where nobody follows it: in memory, in a reused parameter. */
  readonly missedAt?: readonly string[];
}

// biome-ignore format: a table
export const CASES: readonly GlobalCase[] = [
  { name: 'write', declares: 'int ints[7]; int after_ints[3];', body: 'ints[i] = i;', right: [0, 6], wrong: 7, found: /^global-buffer-overflow W4 after 0 of ints in check_write</ },
  { name: 'read', declares: 'static const int table[5] = {1, 2, 3, 4, 5};', body: 'sink = table[i];', right: [0, 4], wrong: 6, found: /^global-buffer-overflow R4 after 4 of table in check_read</ },
  { name: 'byte', declares: 'char name[10], after_name[6];', body: 'name[i] = 1;', right: [0, 9], wrong: 10, found: /^global-buffer-overflow W1 after 0 of name in check_byte</ },
  { name: 'below', declares: 'short before[4], shorts[9];', body: 'sink = shorts[i];', right: [0, 8], wrong: -2, found: /^global-buffer-overflow R2 before 4 of shorts in check_below</ },
  { name: 'wide', declares: 'double doubles[4]; long long after_doubles[4];', body: 'doubles[i] = 2;', right: [3], wrong: 5, found: /^global-buffer-overflow W8 after 8 of doubles in check_wide</ },
  { name: 'member', declares: 'struct { int a; char text[6]; } records[3]; char after_records[40];', body: 'records[i].text[1] = 1;', right: [0, 2], wrong: 3, found: /^global-buffer-overflow W1 after 5 of records in check_member</ },
  { name: 'loop', declares: 'int looped[10], after_looped[10];', body: 'for (int k = 0; k < i; k++) looped[k] = k * k;', right: [10], wrong: 11, found: /^global-buffer-overflow W4 after 0 of looped in check_loop</ },
  { name: 'pointer', declares: 'int walked[6], after_walked[6];', body: 'int s = 0; for (int *p = walked; p < walked + i; p++) s += *p; sink = s;', right: [6], wrong: 7, found: /^global-buffer-overflow R4 after 0 of walked in check_pointer</, missedAt: ['-O0', '-O1'] },
  { name: 'local', declares: '', body: 'static char kept[12]; sink = kept[i]; if (sink) kept[3] = 2;', right: [0, 11], wrong: 12, found: /^global-buffer-overflow R1 after 0 of check_local\.kept in check_local</ },
  { name: 'literal', declares: '', body: 'sink = "hello"[i];', right: [0, 5], wrong: 7, found: /^global-buffer-overflow R1 after 1 of <string literal> in check_literal</ },
  { name: 'matrix', declares: 'int matrix[3][4]; int after_matrix[12];', body: 'matrix[i][1] = 1;', right: [0, 2], wrong: 3, found: /^global-buffer-overflow W4 after 4 of matrix in check_matrix</ },
  { name: 'copy_to', declares: 'char target[20], after_target[20];', body: 'memcpy(target, source, i);', right: [20], wrong: 21, found: /^global-buffer-overflow W21 after 0 of target in (memcpy<)?check_copy_to</ },
  { name: 'copy_from', declares: 'char origin[20], after_origin[20];', body: 'memcpy(source, origin, i);', right: [20], wrong: 21, found: /^global-buffer-overflow R21 after 0 of origin in (memcpy<)?check_copy_from</ },
  { name: 'set', declares: 'char cleared[20], after_cleared[20];', body: 'memset(cleared + 4, 1, i);', right: [16], wrong: 17, found: /^global-buffer-overflow W17 after 0 of cleared in (memset<)?check_set</ },
  { name: 'string', declares: 'char line[10], after_line[10];', body: 'strcpy(line, "0123456789" + i);', right: [1], wrong: 0, found: /^global-buffer-overflow W11 after 0 of line in strcpy<check_string$/ },
  { name: 'constant', declares: 'static const char key[] = "key"; char *volatile writable = source;', body: 'char *p = i ? (char *)key : writable; p[0] = 1;', right: [0], wrong: 1, found: /^write-to-read-only-data W1 inside 0 of key in check_constant</ },
  { name: 'clear_constant', declares: 'static const char lock[8] = "lock"; void *volatile cleared_lock = (void *)lock;', body: 'memset(i ? cleared_lock : source, 0, 4);', right: [0], wrong: 1, found: /^write-to-read-only-data W4 inside 0 of lock in (memset<)?check_clear_constant</ },
];

export const PRELUDE = `
#include <stdlib.h>
#include <string.h>
volatile int sink;
char source[64];
`;

/** All cases: right alone, or with the wrong call behind the right ones where the program gets an argument. */
export function casesProgram(cases: readonly GlobalCase[], warmUp: boolean): string {
  const functions = cases.map(
    (c) => `${c.declares}\n__attribute__((noinline)) void check_${c.name}(int i) { ${c.body} }`,
  );
  const calls = cases.map((c) => {
    const right = c.right.map((i) => `check_${c.name}(${i});`).join(' ');
    return `  if (argc == 1 || ${warmUp ? 1 : 0}) { ${right} }\n  if (argc > 1) check_${c.name}(${c.wrong});`;
  });
  return `${PRELUDE}${functions.join('\n')}\nint main(int argc, char **argv) {\n${calls.join('\n')}\n  return 0;\n}\n`;
}
