// What a module is called in reports: its file, if one beside the script that loads it has the same contents, or else
// something of the module's contents.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { perModule } from '../../host/symbols/wasm-module.ts';

export class ModuleNames {
  private readonly scripts = new WeakMap<Uint8Array, string>();
  private readonly files = new WeakMap<Uint8Array, { readonly path: string | undefined }>();

  /** Remembers which script ('' if unknown) loads a module. */
  loadedBy(module: Uint8Array, script: string): void {
    this.scripts.set(module, script);
  }

  of(module: Uint8Array): string {
    const file = this.fileOf(module);
    return file === undefined ? nameByContents(module) : basename(file);
  }

  /** The path of its file, if there is one. */
  fileOf(module: Uint8Array): string | undefined {
    let file = this.files.get(module);
    if (!file) {
      const script = this.scripts.get(module) ?? '';
      file = { path: script === '' ? undefined : fileBeside(script, module) };
      this.files.set(module, file);
    }
    return file.path;
  }
}

/** Asked for at every frame of a stack. */
export const nameByContents = perModule(
  (module) => `wasm-${createHash('sha256').update(module).digest('hex').slice(0, 8)}`,
);

/** Of several that are equal, the one that is called like the script. */
function fileBeside(script: string, module: Uint8Array): string | undefined {
  const folder = dirname(script);
  const own = `${basename(script, extname(script))}.wasm`;
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
    const paths = names.sort((a, b) => Number(b === own) - Number(a === own)).map((name) => join(folder, name));
    return paths.find((path) => statSync(path).size === module.length && readFileSync(path).equals(module));
  } catch {
    return undefined;
  }
}
