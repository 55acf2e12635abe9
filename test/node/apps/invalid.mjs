// Compiles a module, and then what no engine accepts: a function of it, and one of a module without memory, with a wrong result.
import { readFileSync } from 'node:fs';

const I64_CONST = 0x42;
for (const path of process.argv.slice(2)) {
  const bytes = readFileSync(path);
  console.log(new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.constant());
  bytes[bytes.lastIndexOf(41) - 1] = I64_CONST; // the function's constant
  const results = await Promise.allSettled([
    WebAssembly.compile(bytes),
    WebAssembly.instantiate(bytes),
    (async () => new WebAssembly.Module(bytes))(),
  ]);
  console.log(results.map(({ reason }) => `${reason?.name}`).join(' '));
}
