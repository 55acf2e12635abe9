// Random numbers as a parameter: the same seed gives the same campaign.

export interface Random {
  /** An integer in [0, limit). */
  below(limit: number): number;
}

/** sfc32, seeded: fast, and good enough to choose mutations by. */
export function seededRandom(seed: number): Random {
  let a = seed | 0;
  let b = (seed / 4294967296) | 0;
  let c = 0x9e3779b9 | 0;
  let count = 1;
  const next = () => {
    const sum = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return { below: (limit) => Math.floor((next() / 4294967296) * limit) };
}
