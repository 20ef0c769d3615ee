// What tests measured, for the page of runtimes and bundlers: files in build/matrix, which tools/runtimes-page.mjs reads.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Adds `values` to the row `row` of the table `table`. */
export function record(table: string, row: string, values: Readonly<Record<string, unknown>>): void {
  mkdirSync('build/matrix', { recursive: true });
  const file = `build/matrix/${table}.json`;
  const rows = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, object>) : {};
  writeFileSync(file, JSON.stringify({ ...rows, [row]: { ...rows[row], ...values } }, null, 2));
}
