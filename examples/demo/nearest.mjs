// Coordinates as array refs in a heap of linmem, and the nearest neighbours computed from them.
const RADIUS_KM = 6371;
const RADIANS = Math.PI / 180;

/** Great-circle distance between two points in degrees (haversine), in km. */
export function distance(lonA, latA, lonB, latB) {
  const u = Math.sin(((latB - latA) * RADIANS) / 2);
  const v = Math.sin(((lonB - lonA) * RADIANS) / 2);
  const h = u * u + Math.cos(latA * RADIANS) * Math.cos(latB * RADIANS) * v * v;
  return 2 * RADIUS_KM * Math.asin(Math.sqrt(Math.min(h, 1)));
}

/** Keeps the `k` nearest candidates, nearest first; at equal distance the lower id first. */
class Best {
  list = [];
  constructor(k) {
    this.k = k;
  }
  offer(id, km) {
    const { list, k } = this;
    if (list.length === k && km > list[k - 1].km) return;
    list.push({ id, km });
    list.sort((a, b) => a.km - b.km || a.id - b.id);
    if (list.length > k) list.pop();
  }
}

/** The cities of one country: three arrays in a heap. */
export class Country {
  constructor(heap, count) {
    try {
      this.ids = heap.allocInt32Array(count);
      this.lon = heap.allocFloat64Array(count);
      this.lat = heap.allocFloat64Array(count);
    } catch (error) {
      this.free();
      throw error;
    }
  }
  free() {
    for (const ref of [this.ids, this.lon, this.lat]) ref?.dispose();
  }
}

/**
 * Copies the cities of every country from SQLite's blobs to arrays in `heap`. Each blob is read in place, in the heap of
 * sql.js. Returns a map from the country's code to its arrays, which the caller frees.
 */
export function copyCountries(db, sqlHeap, heap) {
  const countries = new Map();
  const counts = db.prepare('SELECT country, count(*) FROM city GROUP BY country');
  const cities = db.prepare('SELECT country, id, location FROM city ORDER BY country, id');
  try {
    while (counts.step()) countries.set(counts.column(0), new Country(heap, counts.column(1)));
    for (const { ids, lon, lat } of countries.values()) {
      for (let i = 0; i < ids.length && cities.step(); i++) {
        const location = cities.columnAddress(2);
        ids.setAt(i, cities.column(1));
        lon.setAt(i, sqlHeap.readFloat64(location));
        lat.setAt(i, sqlHeap.readFloat64(location + 8));
      }
    }
    return countries;
  } catch (error) {
    for (const country of countries.values()) country.free();
    throw error;
  } finally {
    counts.free();
    cities.free();
  }
}

/** The `k` cities nearest to a point, from the arrays in the heap: `[{ id, km }]`, nearest first. */
export function nearestInHeap(countries, from, k) {
  const best = new Best(k);
  for (const { ids, lon, lat } of countries) {
    for (let i = 0; i < ids.length; i++) {
      best.offer(ids.at(i), distance(from.lon, from.lat, lon.at(i), lat.at(i)));
    }
  }
  return best.list;
}

/** Returns the same from the original objects. */
export function nearestInObjects(cities, from, k) {
  const best = new Best(k);
  for (const { id, lon, lat } of cities) best.offer(id, distance(from.lon, from.lat, lon, lat));
  return best.list;
}
