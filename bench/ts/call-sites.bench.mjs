// Claim: a heap without call sites costs the same whether linmem/debug is imported or not; a rate of 1/16 costs at most a
// fifth of a call stack for each allocation and free. The cost of a call stack is that of the engine. Beside a heap with
// call sites others are slower in V8, since code that has seen both is shared: that is printed too.
import { createHeapSync } from '../../dist/index.js';
import { claim, finish, race, sink, table } from './harness.mjs';

const N = 1 << 10;
const contender = (heap) => () => {
  for (let i = 0; i < N; i++) {
    const at = heap.alloc(16 + (i & 31));
    sink.value += at;
    heap.free(at);
  }
};
const off = contender(createHeapSync());
const results = race({ 'no linmem/debug': off }, N);
await import('../../dist/debug/index.js');
Object.assign(results, race({ 'linmem/debug imported': off }, N));
const all = createHeapSync({ callSites: 'all' });
const some = createHeapSync({ callSites: 1 / 16 });
const on = {
  'no call sites, beside others': off,
  'call sites 1/16': contender(some),
  'call sites all': contender(all),
};
Object.assign(results, race(on, N, 30, 0));

table('allocate and free a block', results);
const held = [
  claim(results, 'linmem/debug imported', 'no linmem/debug', 1.1),
  claim(results, 'call sites 1/16', 'call sites all', 0.2),
];
finish(held.every(Boolean));
