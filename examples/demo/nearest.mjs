// Coordinates in linmem's own heap, as array refs, and the nearest neighbours computed from them.
const RADIUS_KM = 6371;
const RADIANS = Math.PI / 180;

/** Great-circle distance between two points in degrees (haversine), in km. */
export function distance(lonA, latA, lonB, latB) {
  const u = Math.sin(((latB - latA) * RADIANS) / 2);
  const v = Math.sin(((lonB - lonA) * RADIANS) / 2);
  const h = u * u + Math.cos(latA * RADIANS) * Math.cos(latB * RADIANS) * v * v;
  return 2 * RADIUS_KM * Math.asin(Math.sqrt(Math.min(h, 1)));
}

/** The best `k` of what is offered, nearest first; of two as near, the lower id. */
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

/** The places of one country: three arrays in a heap. */
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
 * Copies the places of every country from SQLite's blobs to arrays in `heap`. Each blob is read where it lies in
 * sql.js's heap. Returns a map from the country's code to its arrays, which the caller frees.
 */
export function copyCountries(db, sqlHeap, heap) {
  const countries = new Map();
  const counts = db.prepare('SELECT country, count(*) FROM city GROUP BY country');
  const places = db.prepare('SELECT country, id, place FROM city ORDER BY country, id');
  try {
    while (counts.step()) countries.set(counts.column(0), new Country(heap, counts.column(1)));
    for (const { ids, lon, lat } of countries.values()) {
      for (let i = 0; i < ids.length && places.step(); i++) {
        const place = places.columnAddress(2);
        ids.setAt(i, places.column(1));
        lon.setAt(i, sqlHeap.readFloat64(place));
        lat.setAt(i, sqlHeap.readFloat64(place + 8));
      }
    }
    return countries;
  } catch (error) {
    for (const country of countries.values()) country.free();
    throw error;
  } finally {
    counts.free();
    places.free();
  }
}

/** The `k` places nearest to a point, from the arrays in the heap: `[{ id, km }]`, nearest first. */
export function nearestInHeap(countries, from, k) {
  const best = new Best(k);
  for (const { ids, lon, lat } of countries) {
    for (let i = 0; i < ids.length; i++) {
      best.offer(ids.at(i), distance(from.lon, from.lat, lon.at(i), lat.at(i)));
    }
  }
  return best.list;
}

/** The same from the original objects. */
export function nearestInObjects(cities, from, k) {
  const best = new Best(k);
  for (const { id, lon, lat } of cities) best.offer(id, distance(from.lon, from.lat, lon, lat));
  return best.list;
}
