// The output of the demo: headings, lines, numbers, a table. Colours only on a terminal.
export const COLOUR = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;

const paint = (code, text) => (COLOUR ? `\x1b[${code}m${text}\x1b[0m` : text);

/** Prints the heading of a part. */
export function heading(text) {
  console.log(`\n${paint('1;36', text)}`);
}

/** Prints a line. */
export function line(text = '') {
  console.log(text && `   ${text}`);
}

/** Prints a line about a check that passed. */
export function holds(text) {
  line(`${paint('32', '✓')} ${text}`);
}

/** A whole number with commas. */
export function count(number) {
  return number.toLocaleString('en-US');
}

/** Bytes as KiB or MiB. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Returns the median of a list of numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Prints the times: `rows` is a list of `{ what, rows, ours, theirs }`, times in ms, a list of each. */
export function times(rows) {
  const cells = (a, b, c, d, e) =>
    `${a.padEnd(30)}${b.padStart(10)}${c.padStart(11)}${d.padStart(11)}   ${e}`.trimEnd();
  line(cells('', 'rows', 'linmem', 'sql.js', ''));
  for (const { what, rows: number, ours, theirs } of rows) {
    const [a, b] = [median(ours), median(theirs)];
    line(cells(what, count(number), seconds(a), seconds(b), verdict(b / a)));
  }
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(3)} s`;
}

function verdict(ratio) {
  if (ratio >= 1.05) return paint('32', `${ratio.toFixed(1)}x faster`);
  if (ratio <= 0.95) return paint('33', `${(1 / ratio).toFixed(1)}x slower`);
  return 'the same';
}
