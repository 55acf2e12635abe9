// Frees a pointer into a block instead of its start.
// TITLES bad-free
#include "classes.h"

CASE(next_byte, char *a = text(10); char *p = a; if (number(bug)) p++; free(p); if (bug) free(a);)
CASE(middle, char *a = text(100); free(a + number(bug * 50)); if (bug) free(a);)
CASE(aligned_middle, char *a = text(100); free(a + number(bug * 16)); if (bug) free(a);)
CASE(walked, char *a = text(10); char *p = a; use(p); if (bug) while (*p) p++; free(p); if (bug) free(a);)
CASE(searched, char *a = text(10); a[6] = '='; use(a); char *p = bug ? strchr(a, '=') : a; free(p); if (bug) free(a);)
CASE(ints, int *a = (int *)calloc(10, 4); use(a); for (int i = 0; i < number(bug * 3); i++) *a++ = i; free(a); if (bug) free(a - 3);)
CASE(member, struct item *a = (struct item *)calloc(1, sizeof *a); use(a); free(bug ? (void *)a->name : (void *)a); if (bug) free(a);)
CASE(second, struct item *a = (struct item *)calloc(4, sizeof *a); use(a); free(a + number(bug)); if (bug) free(a);)
CASE(before, char *a = text(20); free(a - number(bug * 8)); if (bug) free(a);)
CASE(at_end, char *a = text(15); free(a + number(bug * 16)); if (bug) free(a);)
CASE(wide, wchar_t *a = (wchar_t *)calloc(10, 4); use(a); wchar_t *p = a; if (number(bug)) p += 2; free(p); if (bug) free(a);)
CASE(realloc_middle, char *a = text(20); char *b = (char *)realloc(a + number(bug * 4), 40); use(b); if (bug) free(a); else free(b);)

NOINLINE static void drop_holder(struct holder *h) {
  free(h->data);
}
CASE(through_struct, char *a = text(20); struct holder h = {a + bug, 1}; drop_holder(&h); if (bug) free(a);)
