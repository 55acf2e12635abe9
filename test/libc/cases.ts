// One C function per library function: with OVER=1 each makes one mistake, with OVER=0 the same call is correct.
// `found` is the finding of the wrong one: direction and size, relation to the block, the two innermost frames.

interface LibcCase {
  readonly name: string;
  readonly body: string;
  readonly found: string;
  /** With scheme=kasan, where that differs in more than the title. */
  readonly kasan?: string;
}

const of = (name: string, body: string, found: string, kasan?: string): LibcCase => ({
  name,
  body,
  found: `${found} in ${name}<check_${name}`,
  ...(kasan && { kasan: `${kasan} in ${name}<check_${name}` }),
});

const OOB = 'heap-buffer-overflow';
const UAF = 'heap-use-after-free';

// biome-ignore format: a table
export const CASES: readonly LibcCase[] = [
  of('memset', 'char *p = malloc(120); memset(p, 1, 120 + 8 * OVER); free(p);', `${OOB} W128 after 0 of 120`),
  of('bzero', 'char *p = malloc(120); bzero(p + 119, 1 + OVER); free(p);', `${OOB} W2 after 0 of 120`),
  of('memcpy', 'char *p = malloc(30), *q = zeroed(40); memcpy(p, q, 30 + 10 * OVER); free(p); free(q);', `${OOB} W40 after 0 of 30`),
  of('memmove', 'char *p = zeroed(64); memmove(p, p + 4, 60 + 4 * OVER); free(p);', `${OOB} R64 after 0 of 64`),
  of('memcmp', 'char *p = zeroed(24); static char same[32]; use(memcmp(p, same, 24 + OVER)); free(p);', `${OOB} R25 after 0 of 24`, 'slab-out-of-bounds R1 after 0 of 24'),
  of('memchr', "char *p = zeroed(24); use(memchr(p, '1', 24 + OVER) == 0); free(p);", `${OOB} R25 after 0 of 24`, 'slab-out-of-bounds R1 after 0 of 24'),
  of('memrchr', "char *p = zeroed(24); use(memrchr(p, '1', 24 + OVER) == 0); free(p);", `${OOB} R25 after 0 of 24`, 'slab-out-of-bounds R1 after 0 of 24'),
  of('memccpy', "char *p = malloc(5), *q = text(6); memccpy(p, q, 'e' + OVER, 6); free(p); free(q);", `${OOB} W6 after 0 of 5`),
  of('memmem', 'char *p = zeroed(20); use(memmem(p, 20 + OVER, "abc", 3) == 0); free(p);', `${OOB} R21 after 0 of 20`),
  of('strlen', 'char *p = text(12); p[11] = OVER ? 1 : 0; use(strlen(p)); free(p);', `${OOB} R13 after 0 of 12`, 'slab-out-of-bounds R1 after 0 of 12'),
  of('strnlen', 'char *p = text(12); p[11] = 1; use(strnlen(p, 12 + OVER)); free(p);', `${OOB} R13 after 0 of 12`, 'slab-out-of-bounds R1 after 0 of 12'),
  of('strcpy', 'char *p = malloc(9 - OVER), *q = text(9); strcpy(p, q); free(p); free(q);', `${OOB} W9 after 0 of 8`),
  of('stpcpy', 'char *p = malloc(9 - OVER), *q = text(9); stpcpy(p, q); free(p); free(q);', `${OOB} W9 after 0 of 8`),
  of('strncpy', 'char *p = malloc(9), *q = text(3); strncpy(p, q, 9 + OVER); free(p); free(q);', `${OOB} W10 after 0 of 9`),
  of('stpncpy', 'char *p = malloc(9), *q = text(3); stpncpy(p, q, 9 + OVER); free(p); free(q);', `${OOB} W10 after 0 of 9`),
  of('strlcpy', 'char *p = malloc(6), *q = text(20); strlcpy(p, q, 6 + OVER); free(p); free(q);', `${OOB} W7 after 0 of 6`),
  of('strcat', 'char *p = malloc(16 - OVER), *q = text(8); strcpy(p, "01234567"); strcat(p, q); free(p); free(q);', `${OOB} W8 after 0 of 15`),
  of('strncat', 'char *p = malloc(10 - OVER), *q = text(8); strcpy(p, "0123"); strncat(p, q, 5); free(p); free(q);', `${OOB} W6 after 0 of 9`),
  of('strcmp', 'char *p = text(5), *q = text(9); p[4] = OVER ? q[4] : 0; use(strcmp(p, q)); free(p); free(q);', `${OOB} R6 after 0 of 5`, 'slab-out-of-bounds R1 after 0 of 5'),
  of('strncmp', 'char *p = text(5), *q = text(9); p[4] = q[4]; use(strncmp(p, q, 5 + OVER)); free(p); free(q);', `${OOB} R6 after 0 of 5`, 'slab-out-of-bounds R1 after 0 of 5'),
  of('strcasecmp', "char *p = text(5), *q = text(9); q[0] = 'A'; p[4] = OVER ? q[4] : 0; use(strcasecmp(p, q)); free(p); free(q);", `${OOB} R6 after 0 of 5`, 'slab-out-of-bounds R1 after 0 of 5'),
  of('strncasecmp', 'char *p = text(5), *q = text(9); p[4] = q[4]; use(strncasecmp(p, q, 5 + OVER)); free(p); free(q);', `${OOB} R6 after 0 of 5`, 'slab-out-of-bounds R1 after 0 of 5'),
  of('strchr', "char *p = text(6); if (OVER) free(p); use(strchr(p, '#') == 0); if (!OVER) free(p);", `${UAF} R6 inside 0 of 6`, 'slab-use-after-free R1 inside 0 of 6'),
  of('strrchr', "char *p = text(6); if (OVER) free(p); use(strrchr(p, 'a') == p); if (!OVER) free(p);", `${UAF} R6 inside 0 of 6`, 'slab-use-after-free R1 inside 0 of 6'),
  of('strstr', 'char *p = text(6); if (OVER) free(p); use(strstr(p, "bc") == p + 1); if (!OVER) free(p);', `${UAF} R3 inside 0 of 6`, 'slab-use-after-free R1 inside 0 of 6'),
  of('strspn', 'char *p = text(6); p[5] = OVER ? 1 : 0; use(strspn(p, "abcde\\x01")); free(p);', `${OOB} R7 after 0 of 6`, 'slab-out-of-bounds R1 after 0 of 6'),
  of('strcspn', 'char *p = text(6); p[5] = OVER ? 1 : 0; use(strcspn(p, "#")); free(p);', `${OOB} R7 after 0 of 6`, 'slab-out-of-bounds R1 after 0 of 6'),
  of('strpbrk', 'char *p = text(6); p[5] = OVER ? 1 : 0; use(strpbrk(p, "#") == 0); free(p);', `${OOB} R7 after 0 of 6`, 'slab-out-of-bounds R1 after 0 of 6'),
  of('strdup', 'char *p = text(12); p[11] = OVER ? 1 : 0; free(strdup(p)); free(p);', `${OOB} R13 after 0 of 12`, 'slab-out-of-bounds R1 after 0 of 12'),
  of('strndup', 'char *p = text(12); p[11] = 1; free(strndup(p, 12 + OVER)); free(p);', `${OOB} R13 after 0 of 12`, 'slab-out-of-bounds R1 after 0 of 12'),
  of('wcslen', 'wchar_t *p = wide(3); p[2] = OVER; use(wcslen(p)); free(p);', `${OOB} R16 after 0 of 12`),
  of('wcscpy', 'wchar_t *p = malloc(4 * (5 - OVER)), *q = wide(5); wcscpy(p, q); free(p); free(q);', `${OOB} W20 after 0 of 16`),
  of('wcscmp', 'wchar_t *p = wide(3), *q = wide(5); p[2] = OVER ? q[2] : 0; use(wcscmp(p, q)); free(p); free(q);', `${OOB} R16 after 0 of 12`),
  of('wmemset', "wchar_t *p = malloc(40); wmemset(p, L'x', 10 + OVER); free(p);", `${OOB} W44 after 0 of 40`),
  of('wmemcpy', 'wchar_t *p = malloc(40), *q = wide(12); wmemcpy(p, q, 10 + OVER); free(p); free(q);', `${OOB} W44 after 0 of 40`),
];

/** Calls whose arguments are impossible, and what the report says of them. */
export const PARAMETER_CASES: readonly { name: string; body: string; found: RegExp }[] = [
  {
    name: 'memcpy',
    body: 'char *p = zeroed(40); memcpy(p + 20 * !OVER, p + 4 * OVER, 20); free(p);',
    found: /^memcpy-param-overlap .*"first":\[(\d+),\d+\],"second"/,
  },
  {
    name: 'strcpy',
    body: 'char *p = text(40); p[20] = 0; strcpy(p, p + (OVER ? 2 : 21)); free(p);',
    found: /^strcpy-param-overlap /,
  },
  {
    name: 'strcat',
    body: 'char *p = text(40); p[4] = 0; strcat(p, OVER ? p + 2 : p + 30); free(p);',
    found: /^strcat-param-overlap /,
  },
];

export const PRELUDE = `
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>
volatile int OVER;
volatile size_t used;
__attribute__((noinline)) void use(size_t value) { used += value; }
__attribute__((noinline)) char *zeroed(size_t n) { return calloc(n, 1); }
__attribute__((noinline)) char *text(size_t n) { char *p = malloc(n); for (size_t i = 0; i + 1 < n; i++) p[i] = 'a' + i % 26; p[n - 1] = 0; return p; }
__attribute__((noinline)) wchar_t *wide(size_t n) { wchar_t *p = malloc(4 * n); for (size_t i = 0; i + 1 < n; i++) p[i] = 'a' + i % 26; p[n - 1] = 0; return p; }
`;

/** One program that runs every case, wrong if it is given an argument. */
export function casesProgram(cases: readonly { name: string; body: string }[]): string {
  const functions = cases.map((c) => `__attribute__((noinline)) void check_${c.name}(void) { ${c.body} }`);
  const calls = cases.map((c) => `check_${c.name}();`);
  return `${PRELUDE}${functions.join('\n')}\nint main(int argc, char **argv) { OVER = argc > 1; ${calls.join(' ')} return 0; }\n`;
}
