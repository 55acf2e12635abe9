// Generated bugs that are known to go unnoticed at -O0 with DWARF, by name, and why.

export interface KnownMiss {
  readonly pattern: RegExp;
  readonly why: string;
}

export const KNOWN_MISSES: readonly KnownMiss[] = [
  {
    pattern: /^member_char_(.*by_one|index_)|^member_.*_before_/,
    why: 'the overflow ends in the padding of the structure that the array is a member of',
  },
  {
    pattern: /^alloca_.*(by_one|index|unterminated|size_of_pointer)/,
    why: 'the compiler made a fixed slot of an alloca of constant size, rounded up to 16 bytes; the size is in no binary',
  },
  {
    pattern: /^declared_(int64|struct)_index_/,
    why: 'five elements of eight bytes in front of the first variable: beyond the 32 bytes in front of a frame, as in clang',
  },
  {
    pattern: /^(static|global)_/,
    why: 'the address of a global went through a variable, and the next global follows without a gap',
  },
];

export function whyMissed(name: string): string | undefined {
  return KNOWN_MISSES.find(({ pattern }) => pattern.test(name))?.why;
}
