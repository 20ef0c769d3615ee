// SPDX-License-Identifier: MIT
// Malloc and free of a module whose exports have meaningless names, found in its binary.
//
//   F1  A pair is an (i32)->i32 and an (i32)->() export that share at least three addresses of state, the first at most
//       one call from the size of the memory; in a 64-bit module it is of i64. It is taken only if it is the only pair
//       of functions like that.
import { readFunctions, type FunctionTable } from './binary.ts';
import { Facts } from './function-facts.ts';

/** The names of two exports. */
export interface MallocNames {
  readonly malloc: string;
  readonly free: string;
  readonly addressBits: 32 | 64;
}

const SHARED_ADDRESSES = 3;

/** Returns the names under which `bytes` exports malloc and free; undefined if it cannot be told for sure. */
export function findMallocNames(bytes: Uint8Array): MallocNames | undefined {
  const table = readFunctions(bytes);
  if (!table) return undefined;
  const facts = new Facts(table);
  const pairs = [...pairsOf(table, facts, 32), ...pairsOf(table, facts, 64)];
  return pairs.length === 1 ? pairs[0] : undefined;
}

/** The pairs of functions that may be malloc and free, each once under whatever names. */
function pairsOf(table: FunctionTable, facts: Facts, addressBits: 32 | 64): MallocNames[] {
  const address = addressBits === 64 ? 'j' : 'i';
  const mallocs = exportsOfType(table, `${address}:${address}`).filter(({ index }) =>
    facts.isNearMemorySize(facts.target(index)),
  );
  const frees = exportsOfType(table, `${address}:`);
  const pairs = new Map<string, MallocNames>();
  for (const malloc of mallocs)
    for (const free of frees) {
      const [from, to] = [facts.target(malloc.index), facts.target(free.index)];
      if (facts.sharedAddresses(from, to) >= SHARED_ADDRESSES)
        pairs.set(`${from} ${to}`, { malloc: malloc.name, free: free.name, addressBits });
    }
  return [...pairs.values()];
}

interface ExportedFunction {
  readonly name: string;
  readonly index: number;
}

function exportsOfType({ exports, types, typeOf }: FunctionTable, type: string): ExportedFunction[] {
  const found = exports.filter(([, index]) => types[typeOf[index] ?? -1] === type);
  return found.map(([name, index]) => ({ name, index }));
}
