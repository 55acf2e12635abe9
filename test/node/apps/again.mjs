// Compiles the same bytes for every call, as glue of Go's does: each module and instance must be another.
import { readFileSync } from 'node:fs';

const bytes = readFileSync(process.argv[2]);
const modules = new Set();
let sum = 0;
for (let call = 0; call < 4; call++) {
  const made = [new WebAssembly.Module(bytes.slice()), await WebAssembly.compile(bytes), (await WebAssembly.instantiate(bytes)).module];
  for (const module of made) {
    modules.add(module);
    const { put, get } = new WebAssembly.Instance(module).exports;
    sum += get(2000);
    put(2000, 1);
  }
}
class Named extends WebAssembly.Module {}
console.log(modules.size, sum, new Named(bytes) instanceof Named);
bytes[bytes.lastIndexOf(41)] = 42; // the function's constant
console.log(new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.constant());
