// Loses the last pointer to a heap block.
// TITLES leak
#include "classes.h"

CASE(forgotten, char *a = text(10); use(a); if (!bug) free(a);)
CASE(overwritten, char *a = text(10); use(a); if (!bug) free(a); a = text(20); use(a); free(a);)
CASE(calloc_block, int *a = (int *)calloc(10, 4); use(a); if (!bug) free(a);)
CASE(grown, char *a = (char *)realloc(text(10), 500); use(a); if (!bug) free(a);)
CASE(early_return, char *a = text(10); use(a); if (number(bug)) return; free(a);)
CASE(wide, wchar_t *a = (wchar_t *)calloc(9, 4); use(a); if (!bug) free(a);)
CASE(duplicate, char *a = strdup("text"); use(a); if (!bug) free(a);)
CASE(large, char *a = text(300000); use(a); if (!bug) free(a);)
CASE(aligned, char *a = (char *)aligned_alloc(64, 128); use(a); if (!bug) free(a);)
CASE(in_loop, for (int i = 0; i < 5; i++) { char *a = text(10 + i); use(a); if (!bug || i % 2) free(a); })

static char *shared;
CASE(cleared_global, shared = text(10); use(&shared); if (!bug) free(shared); shared = NULL; use(&shared);)

static struct holder *root;
CASE(reachable_through_global, root = (struct holder *)calloc(1, sizeof *root); root->data = text(4); use(root); if (bug) root = NULL; use(&root);)

CASE(member_only, struct holder *h = (struct holder *)calloc(1, sizeof *h); h->data = text(20); use(h); if (!bug) free(h->data); free(h);)

struct node {
  struct node *next;
};
CASE(list, struct node *head = NULL; for (int i = 0; i < 4; i++) { struct node *n = (struct node *)malloc(sizeof *n); n->next = head; head = n; }
     use(head); while (!bug && head) { struct node *n = head->next; free(head); head = n; })
CASE(cycle, struct node *a = (struct node *)malloc(sizeof *a); use(a); struct node *b = (struct node *)malloc(sizeof *b); a->next = b; b->next = a; use(a);
     if (!bug) { free(a); free(b); })
