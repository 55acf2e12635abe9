export function demangleItanium(_name: string): string | undefined {
  return undefined;
}
