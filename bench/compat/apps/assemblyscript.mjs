// The compiler itself is JavaScript; what it makes here is a module with TLSF and the incremental collector.
import asc from 'assemblyscript/asc';

const SOURCE = `
class Node { next: Node | null = null; constructor(public value: i32) {} }
export function run(n: i32): i32 {
  const map = new Map<string, i32>();
  let list: Node | null = null;
  for (let i = 0; i < n; i++) {
    const key = 'key' + ((i * 7919) % 101).toString();
    map.set(key, map.has(key) ? map.get(key) + 1 : 1);
    const node = new Node(i); node.next = list; list = node;
  }
  let sum = map.size;
  let at = list;
  while (at !== null) { sum += at.value; at = at.next; }
  const keys = map.keys(); keys.sort();
  return sum + keys.join(',').length;
}`;

export async function load() {
  let binary;
  const { error } = await asc.main(['in.ts', '--outFile', 'out.wasm', '-O2', '--runtime', 'incremental'], {
    readFile: (name) => (name === 'in.ts' ? SOURCE : null),
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
    listFiles: () => [],
  });
  if (error) throw error;
  const abort = () => {
    throw new Error('abort');
  };
  const { instance } = await WebAssembly.instantiate(binary, { env: { abort } });
  return () => instance.exports.run(5000);
}
