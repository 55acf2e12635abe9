// Runs one file of the specification's test suite, as wast2json wrote it: prints what each command does, and a hash of
// the memories at the end. Whether that is right is the engine's business; here it must be the same with and without wasan.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const file = process.argv[2];
const { commands } = JSON.parse(readFileSync(file, 'utf8'));
const say = (...words) => console.log(words.join(' '));
const print = (...values) => say('printed', values.map(show));

const registry = {
  spectest: {
    ...{ print, print_i32: print, print_i64: print, print_f32: print, print_f64: print },
    ...{ print_i32_f32: print, print_f64_f64: print },
    ...{ global_i32: 666, global_i64: 666n, global_f32: 666.6, global_f64: 666.6 },
    table: new WebAssembly.Table({ element: 'anyfunc', initial: 10, maximum: 20 }),
    memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
  },
};
const named = new Map();
const instances = [];
let current;

/** Constants come as decimal texts of their bits. */
function constant({ type, value }) {
  if (type === 'externref') return value === 'null' ? null : Number(value);
  if (type === 'funcref') return null;
  const bits = new DataView(new ArrayBuffer(8));
  if (/nan/.test(value)) return Number.NaN;
  bits.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
  if (type === 'i32') return bits.getInt32(0, true);
  if (type === 'i64') return bits.getBigInt64(0, true);
  return type === 'f32' ? bits.getFloat32(0, true) : bits.getFloat64(0, true);
}

function show(value) {
  if (Array.isArray(value)) return `[${value.map(show)}]`;
  if (typeof value === 'function') return `function of ${value.length}`;
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

function compile({ filename }) {
  return new WebAssembly.Module(readFileSync(join(dirname(file), filename)));
}

function instantiate(command) {
  current = undefined;
  const module = compile(command);
  say(JSON.stringify(WebAssembly.Module.imports(module)), JSON.stringify(WebAssembly.Module.exports(module)));
  current = new WebAssembly.Instance(module, registry);
  instances.push(current);
  if (command.name) named.set(command.name, current);
  return Object.keys(current.exports).join();
}

function act({ type, module, field, args }) {
  const { exports } = module ? named.get(module) : current;
  return type === 'get' ? exports[field].value : exports[field](...args.map(constant));
}

function perform(command) {
  if (command.type === 'register') registry[command.as] = (command.name ? named.get(command.name) : current).exports;
  else if (command.action) return act(command.action);
  else if (command.module_type === 'text') return 'a text';
  else if (/invalid|malformed/.test(command.type)) return compile(command);
  else return instantiate(command);
}

for (const command of commands) {
  let outcome;
  try {
    outcome = show(perform(command));
  } catch (error) {
    // The engine counts functions and bytes in its messages, and names modules by their bytes.
    outcome = `${error.constructor.name} ${error.message.replace(/#\d+|@\+\d+|-[0-9a-f]{8}\b/g, '')}`;
  }
  say(command.line, command.type, outcome);
}
for (const { exports } of instances) {
  for (const [name, memory] of Object.entries(exports)) {
    if (!(memory instanceof WebAssembly.Memory)) continue;
    const hash = new Uint8Array(memory.buffer).reduce((sum, byte) => (sum * 31 + byte) | 0, 0);
    say(name, memory.buffer.byteLength, hash);
  }
}
