// What tests measured, for the page of runtimes and bundlers: a file for each table in build/matrix, kept from run to run.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './setup.mjs';

/** The folder of the tables. */
export const RECORDS = join(ROOT, 'build/matrix');
const fileOf = (table) => join(RECORDS, `${table}.json`);

/**
 * Returns the rows of a table by their names; none if nothing has been recorded.
 * @returns {Record<string, Record<string, unknown>>}
 */
export const recorded = (table) =>
  existsSync(fileOf(table)) ? JSON.parse(readFileSync(fileOf(table), 'utf8')) : {};

/**
 * Adds `values` to the row `row` of the table `table`.
 * @param {string} table
 * @param {string} row
 * @param {Record<string, unknown>} values
 */
export function record(table, row, values) {
  mkdirSync(RECORDS, { recursive: true });
  const rows = recorded(table);
  writeFileSync(fileOf(table), JSON.stringify({ ...rows, [row]: { ...rows[row], ...values } }, null, 2));
}
