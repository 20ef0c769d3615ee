// Times contenders side by side in one process: interleaved rounds, medians, spread, and ratios to a named one.
// Absolute numbers depend on the machine and the moment; claims are about ratios.

/** The name and version of the engine. */
export const runtime = globalThis.Deno
  ? `Deno ${Deno.version.deno}`
  : globalThis.Bun
    ? `Bun ${Bun.version}`
    : `Node ${process.versions.node}`;

/** Receives results, so that the optimizer does not remove their computation. */
export const sink = { value: 0 };

/**
 * Runs every contender in turn, `rounds` times, and returns the nanoseconds per operation of each.
 * @param contenders name to a function that does `operations` operations
 * @param warm nanoseconds before the first round that counts: engines compile concurrently, with a delay
 */
export function race(contenders, operations, rounds = 300, warm = 500e6) {
  const names = Object.keys(contenders);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  const began = process.hrtime.bigint();
  let counted = 0;
  for (let round = 0; counted < rounds; round++) {
    const counts = round >= rounds / 3 && process.hrtime.bigint() - began > warm;
    if (counts) counted++;
    for (const name of names) {
      const start = process.hrtime.bigint();
      contenders[name]();
      const ns = Number(process.hrtime.bigint() - start) / operations;
      if (counts) times[name].push(ns);
    }
  }
  return Object.fromEntries(names.map((name) => [name, summary(times[name])]));
}

/**
 * As {@link race}, for contenders that are loops of the number of iterations given by `set`. The first runs are short: if
 * the code after a loop has not run when the loop is compiled, each end of the loop deoptimizes it.
 */
export function raceLoops(contenders, operations, set) {
  set(8);
  for (let i = 0; i < 20; i++) for (const contender of Object.values(contenders)) contender();
  set(operations);
  return race(contenders, operations);
}

function summary(times) {
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { low: at(0.1), median: at(0.5), high: at(0.9) };
}

/** One claim: `of` takes at most (or at least) `goal` times as long as `to`. */
export function claim(results, of, to, goal, atLeast = false) {
  const ratio = results[of].median / results[to].median;
  const shown = atLeast ? 1 / ratio : ratio;
  const held = atLeast ? shown >= goal : shown <= goal;
  const text = atLeast ? `${shown.toFixed(2)}x faster than ${to}` : `${shown.toFixed(2)}x of ${to}`;
  console.log(
    `  ${held ? 'ok    ' : 'MISSED'} ${of}: ${text} (goal: ${atLeast ? 'at least' : 'at most'} ${goal})`,
  );
  return held;
}

/** Prints a table of results. */
export function table(title, results) {
  console.log(`\n${title} (${runtime}; ns per operation: median, 10th to 90th percentile)`);
  for (const [name, { low, median, high }] of Object.entries(results))
    console.log(
      `  ${name.padEnd(34)} ${median.toFixed(2).padStart(9)}   ${low.toFixed(2)} to ${high.toFixed(2)}`,
    );
}
