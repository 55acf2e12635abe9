// What LLVM's -wasm-enable-sjlj expects of a C library.
#include "setjmp.h"

enum { LONGJMP_TAG = 1 };

void __wasm_setjmp(void *env, unsigned label, void *invocation) {
  jmp_buf *buffer = env;
  (*buffer)->invocation = invocation;
  (*buffer)->label = label;
}

unsigned __wasm_setjmp_test(void *env, void *invocation) {
  jmp_buf *buffer = env;
  return (*buffer)->invocation == invocation ? (*buffer)->label : 0;
}

void __wasm_longjmp(void *env, int value) {
  jmp_buf *buffer = env;
  (*buffer)->thrown.env = env;
  (*buffer)->thrown.value = value ? value : 1;
  __builtin_wasm_throw(LONGJMP_TAG, &(*buffer)->thrown);
}
