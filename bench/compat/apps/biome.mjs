import { createRequire } from 'node:module';

export async function load() {
  const { Workspace } = createRequire(import.meta.url)('@biomejs/wasm-nodejs');
  return () => {
    const workspace = new Workspace();
    const { projectKey } = workspace.openProject({ path: '/', openUninitialized: true });
    const at = { projectKey, path: '/a.js' };
    const content = 'const a   =  1;function f( ){return [a,  () => ({ b : `${a}` })]}'.repeat(5);
    workspace.openFile({ ...at, content: { type: 'fromClient', content, version: 0 } });
    const { code } = workspace.formatFile(at);
    workspace.free();
    return code;
  };
}
