// What a benchmark program exports: `double run(int size)`, whose result every build must agree on.
#pragma once

#if defined(__wasm__) && !defined(__EMSCRIPTEN__)
#define RUN __attribute__((export_name("run")))
#else
#define RUN
#endif

RUN double run(int size);
