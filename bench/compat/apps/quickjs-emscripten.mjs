import { getQuickJS } from 'quickjs-emscripten';

const PROGRAM = `
  const words = {};
  for (let i = 0; i < 3000; i++) { const k = 'k' + (i * 7919) % 97; words[k] = (words[k] || 0) + 1; }
  JSON.stringify([Object.entries(words).sort().slice(0, 9), [5, 3, 9, 1].sort((a, b) => a - b), (2n ** 200n).toString(),
    'a-b-c'.replace(/-(.)/g, (_, c) => c.toUpperCase()), new Date(0).toISOString()])`;

export async function load() {
  const QuickJS = await getQuickJS();
  return () => {
    const vm = QuickJS.newContext();
    const world = vm.newString('world');
    vm.setProp(vm.global, 'NAME', world);
    world.dispose();
    const results = ['"Hello " + NAME + "!"', PROGRAM].map((code) => {
      const handle = vm.unwrapResult(vm.evalCode(code));
      const value = vm.dump(handle);
      handle.dispose();
      return value;
    });
    vm.dispose();
    return results.join('\n');
  };
}
