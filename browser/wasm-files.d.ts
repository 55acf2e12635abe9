// What the bundler makes of an imported .wasm file.
declare module '*.wasm' {
  const bytes: Uint8Array;
  // biome-ignore lint/style/noDefaultExport: the bundler decides how
  export default bytes;
}
