// The same work twice: through SQLite's C functions with linmem, and through sql.js's own JavaScript API.
// Both start from the same objects and give the same rows: null, numbers, strings and Uint8Arrays.
import { f64, i32, struct } from '../../dist/index.js'; // yours says 'linmem'
import { INSERT, LOCATION_BYTES, SCHEMA } from './cities.mjs';
import { Database } from './sqlite.mjs';

/** The blob of a place. */
const Place = struct('place_t', { lon: f64, lat: f64, population: i32 }, { packed: true });

/** The work through linmem. */
export class ThroughLinmem {
  /** @param onRow called with the count of rows after each insert */
  constructor(sql, heap) {
    this.db = new Database(sql, heap);
    this.place = Place.alloc(heap);
  }

  /** Inserts all cities in one transaction. The places' blobs are a struct in SQLite's heap. */
  load(cities, onRow) {
    this.db.run(SCHEMA);
    this.db.run('BEGIN');
    const insert = this.db.prepare(INSERT);
    try {
      cities.forEach((city, i) => {
        this.#bindCity(insert, city);
        insert.step();
        insert.reset();
        onRow(i + 1);
      });
    } finally {
      insert.free();
    }
    this.db.run('COMMIT');
  }

  #bindCity(insert, { id, name, altName, country, admin, population, lon, lat }) {
    insert.bindNumber(1, id);
    insert.bindText(2, name);
    if (altName !== null) insert.bindText(3, altName);
    insert.bindText(4, country);
    if (admin !== null) insert.bindText(5, admin);
    insert.bindNumber(6, population);
    insert.bindNumber(7, lon);
    this.place.lon = lon;
    this.place.lat = lat;
    this.place.population = population;
    insert.bindRef(8, this.place);
  }

  /** Returns the rows of a query; for each list of parameters, one after the other. */
  rows(query, lists = [[]]) {
    const rows = [];
    const select = this.db.prepare(query);
    try {
      for (const values of lists) {
        for (const [i, value] of values.entries()) select.bind(i + 1, value);
        while (select.step()) rows.push(select.row());
        select.reset();
      }
    } finally {
      select.free();
    }
    return rows;
  }

  close() {
    this.db.close();
    this.place.free();
  }
}

/** The work through sql.js's API. */
export class ThroughSqlJs {
  constructor(sql) {
    this.db = new sql.Database();
  }

  load(cities, onRow) {
    this.db.run(SCHEMA);
    this.db.run('BEGIN');
    const insert = this.db.prepare(INSERT);
    const place = new Uint8Array(LOCATION_BYTES);
    const fields = new DataView(place.buffer);
    try {
      cities.forEach(({ id, name, altName, country, admin, population, lon, lat }, i) => {
        fields.setFloat64(0, lon, true);
        fields.setFloat64(8, lat, true);
        fields.setInt32(16, population, true);
        insert.run([id, name, altName, country, admin, population, lon, place]);
        onRow(i + 1);
      });
    } finally {
      insert.free();
    }
    this.db.run('COMMIT');
  }

  rows(query, lists = [[]]) {
    const rows = [];
    const select = this.db.prepare(query);
    try {
      for (const values of lists) {
        select.bind(values);
        while (select.step()) rows.push(select.get());
        select.reset();
      }
    } finally {
      select.free();
    }
    return rows;
  }

  close() {
    this.db.close();
  }
}

/** Throws with the first difference between two lists of rows. */
export function assertSameRows(ours, theirs, what) {
  const count = Math.max(ours.length, theirs.length);
  for (let i = 0; i < count; i++) {
    if (ours[i]?.length === theirs[i]?.length && ours[i].every((value, j) => same(value, theirs[i][j])))
      continue;
    throw new Error(`${what}, row ${i} differs:\n  linmem: ${show(ours[i])}\n  sql.js: ${show(theirs[i])}`);
  }
}

function same(a, b) {
  if (a instanceof Uint8Array && b instanceof Uint8Array)
    return a.length === b.length && a.every((byte, i) => byte === b[i]);
  return Object.is(a, b);
}

function show(row) {
  return JSON.stringify(row, (_, value) => (value instanceof Uint8Array ? [...value].join(' ') : value));
}
