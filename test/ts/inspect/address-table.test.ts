// The hash table of addresses, compared with a Map.
import { expect, test } from 'vitest';
import { AddressTable } from '../../../ts/inspect/address-table.ts';
import { prng, SEED } from '../../support/prng.ts';

test(`does what a Map does (SEED=${SEED})`, () => {
  const random = prng(SEED);
  const table = new AddressTable();
  const map = new Map<number, number>();
  for (let i = 0; i < 200_000; i++) {
    // Few addresses, so that many collide; some above 2^32, with equal low bits.
    const address = random(3000) * 16 + (random(4) === 0 ? 2 ** 32 * (1 + random(3)) : 0) + 8;
    const act = random(i < 100_000 ? 5 : 3);
    if (act === 0) {
      expect(table.remove(address)).toBe(map.get(address) ?? -1);
      map.delete(address);
    } else if (act === 1) expect(table.get(address)).toBe(map.get(address) ?? -1);
    else {
      table.set(address, i);
      map.set(address, i);
    }
    if (table.size !== map.size) expect(table.size).toBe(map.size);
  }
  expect(map.size).toBeGreaterThan(1024);
  for (const [address, number] of map) expect(table.get(address)).toBe(number);
});
