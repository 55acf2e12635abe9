// setjmp and longjmp for a wasi-libc that has none: LLVM turns them into exceptions and calls the functions of sjlj.c.
#pragma once
typedef struct {
  void *invocation;
  unsigned label;
  struct {
    void *env;
    int value;
  } thrown;
} jmp_buf[1];
#define sigjmp_buf jmp_buf
#define setjmp setjmp
__attribute__((returns_twice)) int setjmp(jmp_buf);
_Noreturn void longjmp(jmp_buf, int);
