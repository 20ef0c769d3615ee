// A replayable random source: `SEED=123 npx vitest run ...` runs the same test again.

/** The seed of this run; tests put it into their titles. */
export const SEED: number = Number(globalThis.process?.env?.SEED ?? (Math.random() * 2 ** 32) >>> 0);

/** Returns a function that returns whole numbers in [0, n), the same ones for the same seed (xorshift32). */
export function prng(seed: number): (n: number) => number {
  let state = seed >>> 0 || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % n;
  };
}
