// Uses a variable after the block it was declared in has ended.
// TITLES stack-use-after-scope
// OPTIONS use_after_scope
#include "classes.h"

NOINLINE static void show(long long value) {
  __asm__ volatile("" : : "r"(value));
}

static char still[64];

CASE(array, char *p = still; { char a[20]; memset(a, 1, 20); use(a); if (number(bug)) p = a; } show(p[number(3)]);)
CASE(array_write, char *p = still; { char a[20]; memset(a, 1, 20); use(a); if (number(bug)) p = a; } p[number(19)] = 1; use(still);)
CASE(scalar, int *p = (int *)still; { int a = 4; use(&a); if (number(bug)) p = &a; } show(*p + number(0));)
CASE(structure, struct item *p = (struct item *)still; { struct item a; memset(&a, 0, sizeof a); use(&a); if (number(bug)) p = &a; } show(p->wide);)
CASE(structure_write, struct item *p = (struct item *)still; { struct item a; memset(&a, 0, sizeof a); use(&a); if (number(bug)) p = &a; } p->key = 1; use(still);)
CASE(in_condition, char *p = still; if (number(1)) { char a[32]; memset(a, 1, 32); use(a); if (number(bug)) p = a; } show(p[number(8)]);)
CASE(loop_body, int *p = (int *)still; for (int i = 0; i < number(3); i++) { int a[4]; memset(a, 0, 16); use(a); if (number(bug)) p = a; } show(p[number(1)]);)
CASE(loop_variable, int *p = (int *)still; for (int i = 0; i < number(3); i++) { use(&i); if (number(bug)) p = &i; } show(*p + number(0));)
CASE(nested, char *p = still; { int k = number(1); if (k) { char a[24]; memset(a, 1, 24); use(a); if (number(bug)) p = a; } show(k); } show(p[number(2)]);)
CASE(in_switch, char *p = still; switch (number(2)) { case 2: { char a[20]; memset(a, 1, 20); use(a); if (number(bug)) p = a; break; } default: show(1); } show(p[number(3)]);)
CASE(memset_gone, char *p = still; { char a[40]; memset(a, 1, 40); use(a); if (number(bug)) p = a; } memset(p, 0, number(30)); use(still);)
CASE(through_call, char *p = still; { char a[40]; memset(a, 1, 40); use(a); if (number(bug)) p = a; } show(strnlen(p, number(10)));)
