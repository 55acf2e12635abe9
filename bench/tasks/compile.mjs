// Compiles a C program with clang as wasm and prints what came out, and at what cost, as JSON.

import { createHash } from 'node:crypto';
import { commands } from '@yowasp/clang';
import { peakMegabytes } from './peak-memory.ts';

const SOURCE = `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct tree { struct tree *left, *right; int key; char name[12]; };
static struct tree *insert(struct tree *t, int key) {
  if (!t) {
    t = calloc(1, sizeof *t);
    t->key = key;
    snprintf(t->name, sizeof t->name, "n%d", key);
  } else if (key < t->key) t->left = insert(t->left, key);
  else t->right = insert(t->right, key);
  return t;
}
static double sum(const struct tree *t) { return t ? sum(t->left) + t->key * 1.5 + strlen(t->name) + sum(t->right) : 0; }
int main(void) {
  struct tree *t = NULL;
  for (int i = 0; i < 1000; i++) t = insert(t, i * 7919 % 1009);
  printf("%f\\n", sum(t));
}
`;

const out = await commands.clang(['-O2', 'a.c', '-o', 'a.wasm'], { 'a.c': SOURCE }, { fetchProgress: () => {} });
const module = out['a.wasm'];
const { user, system } = process.cpuUsage();
console.log(
  JSON.stringify({
    hash: createHash('sha256').update(module).digest('hex'),
    bytes: module.length,
    seconds: performance.now() / 1000,
    cpuSeconds: (user + system) / 1e6,
    megabytes: peakMegabytes(),
  }),
);
