// An engine for JavaScript runs programs of some size: numbers, strings, expressions, collections, generators, promises,
// proxies, big integers, host functions, many contexts, a collector that has to work, scripts that fail.
import { newQuickJSWASMModule, newVariant, RELEASE_SYNC } from 'quickjs-emscripten';

const PROGRAMS = {
  queens: `function solve(n, row = 0, cols = 0, left = 0, right = 0) {
    if (row === n) return 1;
    let count = 0;
    for (let free = ~(cols | left | right) & ((1 << n) - 1); free; free &= free - 1) {
      const bit = free & -free;
      count += solve(n, row + 1, cols | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
  }
  [4, 6, 8, 9].map((n) => solve(n))`,
  text: `let text = '';
  for (let i = 0; i < 4000; i++) text += 'word' + (i * 7919) % 613 + (i % 9 ? ' ' : '\\n');
  const counts = new Map();
  for (const w of text.match(/[a-z]+\\d+/g)) counts.set(w, (counts.get(w) ?? 0) + 1);
  [[...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 5), text.replace(/(?<w>word)(\\d)/g, '$2$<w>').length,
   text.split('\\n').map((l) => l.trim().padEnd(90, '.').toUpperCase()).join('').length, /^(a+)+$/.test('aaaaaaaaaaaab'),
   'naïve 𝄞 text'.normalize('NFD').length, [...'𝄞€ä'].map((c) => c.codePointAt(0)), encodeURIComponent('ä€𝄞 &')]`,
  sorting: `let s = 1; const next = () => (s = (s * 16807) % 2147483647);
  const list = Array.from({ length: 6000 }, next);
  const heap = []; const push = (x) => { let i = heap.push(x) - 1; while (i && heap[(i - 1) >> 1] > heap[i]) { [heap[i], heap[(i - 1) >> 1]] = [heap[(i - 1) >> 1], heap[i]]; i = (i - 1) >> 1; } };
  list.forEach(push);
  const sorted = [...list].sort((a, b) => a - b); const typed = Float64Array.from(list).sort();
  [sorted[0], heap[0], typed[5999], sorted.every((x, i) => x === typed[i]), list.toSorted?.((a, b) => b - a)[0] ?? 0]`,
  numbers: `const fib = (n) => { let a = 0n, b = 1n; while (n--) [a, b] = [b, a + b]; return a; };
  const pi = (digits) => { let q = 1n, r = 0n, t = 1n, k = 1n, n = 3n, l = 3n, out = ''; while (out.length < digits) {
    if (4n * q + r - t < n * t) { out += n; const nr = 10n * (r - n * t); n = 10n * (3n * q + r) / t - 10n * n; q *= 10n; r = nr; }
    else { const nr = (2n * q + r) * l; n = (q * 7n * k + 2n + r * l) / (t * l); q *= k; t *= l; l += 2n; k += 1n; r = nr; } } return out; };
  [fib(1000).toString().slice(-20), pi(150), (0.1 + 0.2).toString(), (1234.5678).toFixed(2), (255).toString(16), parseFloat('1e-7'), Math.hypot(3, 4), (2n ** 500n % 10n ** 30n).toString(), Number.MAX_SAFE_INTEGER + 2]`,
  objects: `class Shape { #id; static count = 0; constructor(id) { this.#id = id; Shape.count++; } get id() { return this.#id; } area() { return 0; } }
  class Square extends Shape { constructor(id, side) { super(id); this.side = side; } area() { return this.side ** 2; } toJSON() { return { id: this.id, area: this.area() }; } }
  const shapes = Array.from({ length: 2000 }, (_, i) => new Square(i, i % 17));
  const seen = []; const proxy = new Proxy({}, { get: (_, k) => { seen.push(String(k)); return seen.length; }, has: () => true });
  const weak = new WeakMap(shapes.map((s) => [s, s.id]));
  JSON.stringify([shapes.reduce((sum, s) => sum + s.area(), 0), Shape.count, JSON.stringify(shapes.slice(0, 3)), proxy.a + proxy.b, 'x' in proxy, weak.get(shapes[9]),
   Object.entries(Object.groupBy?.(shapes.slice(0, 40), (s) => s.side % 3) ?? {}).map(([k, v]) => [k, v.length]), JSON.parse('{"a":[1,{"b":null}]}', (k, v) => (v === 1 ? 2 : v))])`,
  iteration: `function* walk(n) { if (n > 0) { yield n; yield* walk(n - 1); yield* walk(n - 2); } }
  let sum = 0, steps = 0; for (const x of walk(17)) { sum += x; steps++; }
  const deep = (n) => (n ? [deep(n - 1)] : []);
  [sum, steps, JSON.stringify(deep(200)).length, [1, [2, [3, [4]]]].flat(Infinity), structuredCloneLike(new Date(0).toISOString())];
  function structuredCloneLike(x) { return JSON.parse(JSON.stringify(x)); }`,
  life: `const w = 64, h = 48; let cells = new Uint8Array(w * h).map((_, i) => ((i * 2654435761) >>> 28) & 1);
  for (let g = 0; g < 40; g++) { const next = new Uint8Array(w * h);
    for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) { let n = 0;
      for (let dy = -1; dy < 2; dy++) for (let dx = -1; dx < 2; dx++) n += cells[((y + dy + h) % h) * w + ((x + dx + w) % w)];
      const me = cells[y * w + x]; next[y * w + x] = n - me === 3 || (me && n - me === 2) ? 1 : 0; } cells = next; }
  [cells.reduce((a, b) => a + b), new DataView(cells.buffer).getUint32(100), new Uint16Array(cells.buffer, 64, 4)]`,
  rubbish: `let kept = null; for (let i = 0; i < 30000; i++) { const o = { i, self: null, text: 'x' + i, list: [i, i + 1] }; o.self = o; if (i % 100 === 0) kept = { o, kept: i % 1000 ? kept : null }; }
  let depth = 0; for (let k = kept; k; k = k.kept) depth++; depth`,
  failing: `const caught = []; for (const f of [() => null.x, () => undefinedName, () => { throw new RangeError('mine'); }, () => JSON.parse('{'), () => new Array(-1), () => (function r() { return 1 + r(); })(), () => eval('1 +'), () => BigInt(1.5)])
    { try { f(); } catch (e) { caught.push(e.name + ':' + e.message.slice(0, 30)); } finally { caught.push('f'); } } caught`,
};

const module = await newQuickJSWASMModule(newVariant(RELEASE_SYNC, {}));
const runtime = module.newRuntime();
runtime.setMemoryLimit(64 << 20);
runtime.setMaxStackSize(250 << 10); // less than the engine's own stack has room for, checks or not

function run(context, source) {
  const result = context.evalCode(source);
  if (result.error) {
    const error = context.dump(result.error);
    result.error.dispose();
    return `${error.name}: ${error.message}`;
  }
  const value = context.dump(result.value);
  result.value.dispose();
  return value;
}

for (let round = 0; round < 3; round++) {
  for (const [name, source] of Object.entries(PROGRAMS)) {
    const context = runtime.newContext();
    console.log(round, name, JSON.stringify(run(context, source)));
    context.dispose();
  }
}

// Host functions, promises, values that cross
const context = runtime.newContext();
const calls = [];
const add = context.newFunction('add', (a, b) => {
  calls.push(context.dump(a));
  return context.newNumber(context.getNumber(a) + context.getNumber(b));
});
context.setProp(context.global, 'add', add);
add.dispose();
console.log(run(context, 'let t = 0; for (let i = 0; i < 2000; i++) t = add(t, i); t'), calls.length);
console.log(run(context, "globalThis.log = []; (async () => { for (let i = 0; i < 50; i++) { await null; log.push(i); } log.push('end'); })(); Promise.all([1, Promise.resolve(2)]).then((v) => log.push(v)); 0"));
console.log(runtime.executePendingJobs().value, run(context, 'JSON.stringify(log)'));
const object = context.newObject();
for (let i = 0; i < 500; i++) {
  const value = i % 2 ? context.newString(`value ${i} ä€𝄞`.repeat(i % 7)) : context.newNumber(i / 3);
  context.setProp(object, `key${i}`, value);
  value.dispose();
}
console.log(JSON.stringify(context.dump(object)).length);
object.dispose();
runtime.setMemoryLimit(2 << 20);
console.log(run(context, "const big = []; for (;;) big.push('x'.repeat(1000) + big.length)"));
runtime.setMemoryLimit(-1);
let patience = 200;
runtime.setInterruptHandler(() => --patience < 0);
console.log(run(context, 'for (;;);'));
context.dispose();
runtime.dispose();
