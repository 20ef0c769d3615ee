// The facts about engines that docs/performance.md states, each shown by a few lines without linmem: the form that linmem
// uses, beside the form that it avoids. No goals: a fact of one engine need not hold in another, and is printed all the same.
import { race, raceLoops, runtime, sink } from './harness.mjs';

const N = 1 << 12;
const memory = new WebAssembly.Memory({ initial: 2, maximum: 16 });
const data = new DataView(memory.buffer);
const bytes = new Uint8Array(memory.buffer);
let n = 0; // how often loops run
const setN = (count) => (n = count);

/** Prints how much longer the avoided form takes than the form that is used. */
function show(title, results, used, avoided) {
  const [a, b] = [results[used].median, results[avoided].median];
  console.log(`\n${title} (${runtime}; ns)`);
  console.log(`  used     ${used.padEnd(56)} ${a.toFixed(2).padStart(8)}`);
  console.log(`  avoided  ${avoided.padEnd(56)} ${b.toFixed(2).padStart(8)}   ${(b / a).toFixed(1)}x`);
}

let literals = 0;
/** Returns a new function literal. The number makes its source unique: engines cache functions by their source. */
const literal = (scope, body) =>
  new Function(...Object.keys(scope), `${body} // ${literals++}`)(...Object.values(scope));

/** Returns a loop that adds up `call` for every 8th address. */
const sum = (scope, call) =>
  literal(
    { ...scope, sink, count: () => n },
    `return () => { let s = 0; for (let p = 0, end = 8 * count(); p < end; p += 8) s += ${call}; sink.value += s; };`,
  );

// Checks of an address.
const bare = 'data.getInt32(p, true)';
const checks = raceLoops(
  {
    'Math.floor(p) === p': sum({ data }, `Math.floor(p) === p ? ${bare} : 0`),
    'Number.isInteger(p)': sum({ data }, `Number.isInteger(p) ? ${bare} : 0`),
    'no comparison': sum({ data }, bare),
    'p < bytes.length': sum({ data, bytes }, `p < bytes.length ? ${bare} : 0`),
    'memory.buffer === data.buffer': sum({ data, memory }, `memory.buffer === data.buffer ? ${bare} : 0`),
  },
  N,
  setN,
);
show('Is an address an integer?', checks, 'Math.floor(p) === p', 'Number.isInteger(p)');
show('Has the memory grown?', checks, 'no comparison', 'p < bytes.length');
show('Has the memory grown?', checks, 'no comparison', 'memory.buffer === data.buffer');

// A function literal per type, and one literal that all types share.
const TYPES = ['Int8', 'Uint8', 'Int16', 'Uint16', 'Int32', 'Uint32', 'Float32', 'Float64'];
class Shared {
  data = data;
}
class Written {
  data = data;
}
const sharedMethod = (get) =>
  function (p) {
    try {
      if (Math.floor(p) === p) return get(this.data, p);
    } catch {}
    return 0;
  };
for (const type of TYPES) {
  Shared.prototype[`read${type}`] = sharedMethod((view, p) => view[`get${type}`](p, true));
  Written.prototype[`read${type}`] = literal(
    {},
    `return function (p) { try { if (Math.floor(p) === p) return this.data.get${type}(p, true); } catch {} return 0; };`,
  );
}
const heaps = [new Shared(), new Written()];
for (let i = 0; i < 1e5; i++)
  for (const heap of heaps) for (const type of TYPES) sink.value += heap[`read${type}`]((i & 511) * 8);
const perType = raceLoops(
  {
    'a function literal per type': sum({ heap: heaps[1] }, 'heap.readInt32(p)'),
    'one literal that eight types share': sum({ heap: heaps[0] }, 'heap.readInt32(p)'),
  },
  N,
  setN,
);
show('Reads of an int32', perType, 'a function literal per type', 'one literal that eight types share');

// The result of the general path, which returns values of every type.
const kinds = [0.5, 'text', 5n, data];
const slow = (_view, p) => kinds[p % 4];
for (let p = 0; p < 1e4; p++) sink.value += typeof slow(data, p) === 'string' ? 1 : 0;
const readF64 = (result) => {
  const read = literal(
    { slow },
    `return (view, p) => { try { if (Math.floor(p) === p) return view.getFloat64(p, true); } catch {} return ${result}; };`,
  );
  // The general path has run before the function is compiled, as in any program whose memory has grown once.
  for (let i = 0; i < 100; i++) sink.value += read(data, 4e6) === 0.5 ? 1 : 0;
  return read;
};
const converted = raceLoops(
  {
    'converted: +slow(...)': sum({ data, read: readF64('+slow(view, p)') }, 'read(data, p)'),
    'as it is: slow(...)': sum({ data, read: readF64('slow(view, p)') }, 'read(data, p)'),
  },
  N,
  setN,
);
show(
  'A float64 whose general path returns any type',
  converted,
  'converted: +slow(...)',
  'as it is: slow(...)',
);

// A call site that has thrown in optimized code, because its memory grew.
const grown = new WebAssembly.Memory({ initial: 1, maximum: 64 });
const holder = { data: new DataView(grown.buffer) };
const access = () =>
  literal(
    { holder, renew: () => (holder.data = new DataView(grown.buffer)) },
    'return (p) => { try { return holder.data.getInt32(p, true) | 0; } catch { renew(); return 0; } };',
  );
const sites = {
  'a call site that has not thrown': sum({ read: access() }, 'read(p)'),
  'one that has thrown': sum({ read: access() }, 'read(p)'),
};
raceLoops(sites, N, setN);
for (let i = 0; i < 3; i++) {
  grown.grow(1);
  sites['one that has thrown'](); // throws once, and renews the view for both
  race(sites, N, 200, 0); // compiled again: after the first growth of a process V8 starts to check for detached buffers
}
show('A DataView access', race(sites, N), 'a call site that has not thrown', 'one that has thrown');

// Constructors of refs: one per class, and one that all classes share.
const fields = ['heap', 'address', 'allocation', 'owned', 'views'];
const fill = fields.map((field) => `this.${field} = ${field};`).join(' ');
const Base = literal({}, 'return class { }');
const Filling = literal({}, `return class { constructor(${fields}) { ${fill} } }`);
const classes = TYPES.map(() => ({
  Own: literal({ Base }, `return class extends Base { constructor(${fields}) { super(); ${fill} } }`),
  Inherited: literal({ Filling }, 'return class extends Filling { }'),
}));
const [block, views] = [{ data }, { data }];
for (let i = 0; i < 1e5; i++)
  for (const { Own, Inherited } of classes)
    sink.value +=
      new Own(heaps, i, block, true, views).address - new Inherited(heaps, i, block, true, views).address;
const [{ Own, Inherited }] = classes;
const scope = { heaps, block, views };
const made = raceLoops(
  {
    'a constructor per class': sum({ ...scope, Own }, 'new Own(heaps, p, block, true, views).address'),
    'one that eight classes share': sum(
      { ...scope, Inherited },
      'new Inherited(heaps, p, block, true, views).address',
    ),
  },
  N,
  setN,
);
show('A new ref', made, 'a constructor per class', 'one that eight classes share');

// Methods that are added to a prototype one by one.
const names = Array.from({ length: 500 }, (_, i) => `method${i}`);
const install = (prepare) => () => {
  class Heap {}
  if (prepare) {
    Heap.prototype.a = Heap.prototype.b = 0;
    delete Heap.prototype.b;
    delete Heap.prototype.a;
  }
  for (const name of names) Object.assign(Heap.prototype, { [name]() {} });
  sink.value += Object.keys(new Heap()).length;
};
const added = race({ 'after a property was deleted': install(true), 'as it is': install(false) }, 500, 30);
show('A method added to a prototype of 500', added, 'after a property was deleted', 'as it is');
