// Times contenders side by side in one process: interleaved rounds, medians, spread, and ratios to a named one.
// Absolute numbers depend on the machine and the moment; claims are about ratios.

/** The name and version of the engine. */
export const runtime = globalThis.navigator?.userAgent.includes('Firefox')
  ? navigator.userAgent.match(/Firefox.*/)[0]
  : globalThis.Deno
    ? `Deno ${Deno.version.deno}`
    : globalThis.Bun
      ? `Bun ${Bun.version}`
      : `Node ${process.versions.node}`;

/** Returns the time in nanoseconds. The clock of a browser is coarse: there a round makes more calls. */
const isBrowser = globalThis.process === undefined;
const now = isBrowser ? () => performance.now() * 1e6 : () => Number(process.hrtime.bigint());
const CALLS = isBrowser ? 20 : 1;

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
  const began = now();
  let counted = 0;
  for (let round = 0; counted < rounds; round++) {
    const counts = round >= rounds / 3 && now() - began > warm;
    if (counts) counted++;
    for (const name of names) {
      const start = now();
      for (let call = 0; call < CALLS; call++) contenders[name]();
      const ns = (now() - start) / operations / CALLS;
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

/** One claim: `of` takes at most `goal` nanoseconds. For what there is nothing to compare with. */
export function claimTime(results, of, goal) {
  const { median } = results[of];
  const held = median <= goal;
  console.log(
    `  ${held ? 'ok    ' : 'MISSED'} ${of}: ${median.toFixed(2)} ns (goal: at most ${goal.toFixed(1)} ns)`,
  );
  return held;
}

/** Sets how the process ends; a page has no such thing, and its runner looks for MISSED. */
export function finish(held) {
  if (!isBrowser) process.exitCode = held ? 0 : 2;
}

/** Prints a table of results. */
export function table(title, results) {
  console.log(`\n${title} (${runtime}; ns per operation: median, 10th to 90th percentile)`);
  for (const [name, { low, median, high }] of Object.entries(results))
    console.log(
      `  ${name.padEnd(34)} ${median.toFixed(2).padStart(9)}   ${low.toFixed(2)} to ${high.toFixed(2)}`,
    );
}
