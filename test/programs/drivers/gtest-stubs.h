// What AddressSanitizer's own tests include and WASI has not: threads that run at once, jumps that end the program.
#pragma once
#include <stdio.h>
#include <stdlib.h>
#undef stderr
#define stderr stdout

typedef int jmp_buf[1];
typedef int sigjmp_buf[1];
#define setjmp(buffer) 0
#define _setjmp(buffer) 0
#define sigsetjmp(buffer, mask) 0
#define __builtin_setjmp(buffer) 0
#define longjmp(buffer, value) __builtin_trap()
#define _longjmp(buffer, value) __builtin_trap()
#define siglongjmp(buffer, value) __builtin_trap()
#define __builtin_longjmp(buffer, value) __builtin_trap()

typedef int pthread_t;
typedef int pthread_key_t;
typedef int pthread_mutex_t;
typedef int pthread_attr_t;
struct sched_param { int priority; };
#define PTHREAD_MUTEX_INITIALIZER 0
static inline int pthread_create(pthread_t *t, void *, void *(*run)(void *), void *with) { run(with); return *t = 0; }
static inline int pthread_join(pthread_t, void **) { return 0; }
static inline void pthread_exit(void *) {}
static inline pthread_t pthread_self() { return 0; }
static inline int pthread_mutex_init(pthread_mutex_t *, void *) { return 0; }
static inline int pthread_mutex_lock(pthread_mutex_t *) { return 0; }
static inline int pthread_mutex_unlock(pthread_mutex_t *) { return 0; }
static inline int pthread_mutex_destroy(pthread_mutex_t *) { return 0; }
static inline int pthread_attr_init(pthread_attr_t *) { return 0; }
static inline int pthread_attr_destroy(pthread_attr_t *) { return 0; }
static inline int pthread_attr_setstack(pthread_attr_t *, void *, size_t) { return 0; }
static inline int pthread_attr_setstacksize(pthread_attr_t *, size_t) { return 0; }
static inline int pthread_key_create(pthread_key_t *, void (*)(void *)) { return 0; }
static inline int pthread_key_delete(pthread_key_t) { return 0; }
static inline int pthread_setspecific(pthread_key_t, const void *) { return 0; }
static inline int pthread_getschedparam(pthread_t, int *, sched_param *) { return 0; }
static inline int pthread_setschedparam(pthread_t, int, const sched_param *) { return 0; }

static inline int mlockall(int) { return 0; }
static inline int munlockall() { return 0; }
static inline int mlock(const void *, size_t) { return 0; }
static inline int munlock(const void *, size_t) { return 0; }
static inline void *memalign(size_t align, size_t size) { void *p; return posix_memalign(&p, align, size) ? nullptr : p; }
static inline void *valloc(size_t size) { return memalign(4096, size); }
static inline void *pvalloc(size_t size) { return memalign(4096, size ? (size + 4095) / 4096 * 4096 : 4096); }
