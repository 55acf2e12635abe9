// An application around the module HEAP_MODULE, whose run(at) writes into a 10-byte block. The first argument says how it
// is run, the second at which index it writes.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

const [how, at = '10'] = process.argv.slice(2);
const bytes = readFileSync(process.env.HEAP_MODULE);
const imports = () => new Proxy({}, { get: () => new Proxy({}, { get: () => () => 0, has: () => true }) });

const HOWS = {
  here: () => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports()).exports.run(Number(at)),
  /** As Jest and Vitest's vm pools run tests. */
  'in a context': () => {
    const context = vm.createContext({ bytes, imports, at: Number(at) });
    return vm.runInContext('new WebAssembly.Instance(new WebAssembly.Module(bytes), imports()).exports.run(at)', context);
  },
  'in a new context': async () => {
    const code = 'WebAssembly.instantiate(bytes, imports()).then((it) => it.instance.exports.run(at))';
    return vm.runInNewContext(code, { bytes, imports, at: Number(at) });
  },
  /** Mocha sets the exit code when everything else has been heard. */
  'with an exit code of its own': () => {
    const result = HOWS.here();
    process.on('exit', () => {
      process.exitCode = 0;
    });
    return result;
  },
  'with process.exit replaced': () => {
    process.exit = () => {
      throw new Error('nobody may exit here');
    };
    try {
      return HOWS.here();
    } catch (error) {
      return error.message;
    }
  },
  /** A runner that takes no notice of how its workers end. */
  'in a child': () => {
    spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), 'here', at], { stdio: 'inherit' });
    return 'the child has ended';
  },
};

console.log(await HOWS[how]());
