// Calls of the C library with arguments that cannot be: ranges that overlap, sizes below zero.
// TITLES memcpy-param-overlap strcpy-param-overlap strncpy-param-overlap strcat-param-overlap strncat-param-overlap wcscpy-param-overlap wcsncpy-param-overlap wcscat-param-overlap wcsncat-param-overlap stpcpy-param-overlap negative-size-param
#include "classes.h"

CASE(memcpy_forward, char *a = text(60); memcpy(a + number(bug ? 5 : 30), a, number(20)); use(a); free(a);)
CASE(memcpy_backward, char *a = text(60); memcpy(a, a + number(bug ? 5 : 30), number(20)); use(a); free(a);)
CASE(memcpy_stack, char a[64]; memset(a, 1, 64); memcpy(a + number(bug ? 8 : 32), a, number(30)); use(a);)
CASE(memcpy_by_one, int a[20]; memset(a, 0, 80); memcpy(a + number(bug ? 1 : 10), a, number(32)); use(a);)
CASE(strcpy_itself, char *a = text(40); strcpy(a, a + number(bug ? 3 : 40)); use(a); free(a);)
CASE(strcpy_within, char *a = text(60); a[20] = 0; strcpy(a + number(bug ? 10 : 30), a); use(a); free(a);)
CASE(strncpy_within, char *a = text(60); strncpy(a + number(bug ? 4 : 30), a, number(20)); use(a); free(a);)
CASE(strcat_itself, char *a = text(60); a[10] = 0; a[40] = 0; strcat(a, a + number(bug ? 5 : 41)); use(a); free(a);)
CASE(strncat_itself, char *a = text(60); a[10] = 0; a[40] = 0; strncat(a, a + number(bug ? 2 : 41), number(8)); use(a); free(a);)
CASE(wcscpy_within, wchar_t *a = (wchar_t *)calloc(60, 4); for (int i = 0; i < 20; i++) a[i] = L'x'; wcscpy(a + number(bug ? 10 : 30), a); use(a); free(a);)
CASE(memmove_negative, char *a = text(60); memmove(a, a + 4, number(bug ? -2 : 30)); use(a); free(a);)
CASE(memset_negative, char *a = text(60); memset(a, 0, number(bug ? -1 : 60)); use(a); free(a);)
CASE(memcpy_negative, char *a = text(60); char *b = text(60); memcpy(a, b, number(bug ? -60 : 60)); use(a); free(a); free(b);)
