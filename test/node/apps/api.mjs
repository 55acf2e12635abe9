// Prints what a program sees of a module through the WebAssembly API: it must not see wasan.
import { readFileSync } from 'node:fs';

const bytes = readFileSync(process.argv[2]);
const name = (x) => `${x.kind} ${x.name}`;
const module = new WebAssembly.Module(bytes);
const compiled = await WebAssembly.compile(bytes);
for (const m of [module, compiled]) {
  console.log(m instanceof WebAssembly.Module, WebAssembly.Module.exports(m).map(name).join());
  console.log(WebAssembly.Module.imports(m).map((i) => `${i.module}.${i.name}`).join());
  console.log(WebAssembly.Module.customSections(m, 'name').length, WebAssembly.Module.customSections(m, 'wasan.sites').length);
}
const imports = { env: { memory: new WebAssembly.Memory({ initial: 1 }) } };
const first = new WebAssembly.Instance(module, imports);
const { instance: second } = await WebAssembly.instantiate(bytes, imports);
const third = await WebAssembly.instantiate(compiled, imports);
first.exports.put(64, 7);
console.log(first instanceof WebAssembly.Instance, second.exports.get(64), third.exports.get(64));
await WebAssembly.compile(new Uint8Array([0, 1, 2, 3])).catch((e) => console.log(e.name));
