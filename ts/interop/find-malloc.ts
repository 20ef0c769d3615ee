// SPDX-License-Identifier: MIT
// Finds malloc and free in the binary of a module whose exports have meaningless names.
//
//   F1  A candidate is a pair of exports, (i32)->i32 and (i32)->(), that refer to at least three common addresses of
//       variables; the first reads the size of the memory or calls a function that does. In a 64-bit module the types
//       have i64. A pair is used only if it is the only candidate.
import { readFunctions, type FunctionTable } from './binary.ts';
import { Facts } from './function-facts.ts';

/** The names of two exports. */
export interface MallocNames {
  readonly malloc: string;
  readonly free: string;
  readonly addressBits: 32 | 64;
}

const SHARED_ADDRESSES = 3;

/** Returns the names under which `bytes` exports malloc and free; undefined if that is not certain. */
export function findMallocNames(bytes: Uint8Array): MallocNames | undefined {
  const table = readFunctions(bytes);
  if (!table) return undefined;
  const facts = new Facts(table);
  const pairs = [...pairsOf(table, facts, 32), ...pairsOf(table, facts, 64)];
  return pairs.length === 1 ? pairs[0] : undefined;
}

/** Returns the candidates (F1), each once, even if it is exported under several names. */
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
