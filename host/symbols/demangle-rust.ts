export function demangleRust(_name: string): string | undefined {
  return undefined;
}
