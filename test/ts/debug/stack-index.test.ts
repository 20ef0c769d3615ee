// Call stacks by their frames: the same entry for the same places only, and the same stacks as by their texts.
import { afterEach, describe, expect, test } from 'vitest';
import { CallSites } from '../../../ts/debug/call-sites.ts';
import { StackIndex } from '../../../ts/debug/stack-index.ts';
import { buildModule, op } from '../../support/build-module.ts';

const V8 = Error as unknown as { prepareStackTrace?: unknown; stackTraceLimit?: unknown }; // of V8 only
const before = V8.prepareStackTrace;
afterEach(() => {
  V8.prepareStackTrace = before;
});

const index = new StackIndex();
const here = (isOuter = false): object | undefined => index.find(here, 40, isOuter);
const hasFrames = here() !== undefined;

describe.runIf(hasFrames)('an entry', () => {
  test('is one for each place, and the same for the same place', () => {
    const loop = [0, 1].map(() => here());
    expect(loop[0]).toBe(loop[1]);
    const line = [here(), here()];
    expect(line[0]).not.toBe(line[1]);
  });

  test('is one for each path to a place', () => {
    const inner = (): object | undefined => here();
    const [one, other] = [inner(), inner()];
    expect(one).not.toBe(other);
  });

  test('is one for each class whose method is called: the text of the stack names it', () => {
    class Base {
      find(): object | undefined {
        return here();
      }
    }
    class Sub extends Base {}
    const [base, sub, again] = [new Base(), new Sub(), new Sub()].map((one) => one.find());
    expect(base).not.toBe(sub);
    expect(again).toBe(sub);
  });

  test('of code without a file, and of builtin functions, is found again', () => {
    const call = new Function('f', 'return [0].map(() => f())') as (f: () => unknown) => unknown[];
    const [[one], [other]] = [0, 1].map(() => call(() => here())) as [unknown[], unknown[]];
    expect(one).toBe(other);
    expect([here()].concat([0].map(() => here()))[0]).not.toBe(one);
  });

  test("leaves the program's own prepareStackTrace and limit as they were", () => {
    const own = (): string => 'own';
    V8.prepareStackTrace = own;
    const limit = V8.stackTraceLimit;
    here();
    expect(V8.prepareStackTrace).toBe(own);
    expect(V8.stackTraceLimit).toBe(limit);
    expect(new Error().stack).toBe('own');
  });
});

test('there is none where Error cannot be changed, and stacks are found by their texts', () => {
  V8.prepareStackTrace = undefined;
  const descriptor = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace') as PropertyDescriptor;
  Object.defineProperty(Error, 'prepareStackTrace', {
    value: undefined,
    writable: false,
    configurable: true,
  });
  try {
    expect(here()).toBeUndefined();
    const sites = new CallSites();
    const capture = (): number => sites.capture(capture);
    const numbers = [0, 1].map(() => capture());
    expect(numbers[0]).toBe(numbers[1]);
    expect(sites.stacks[numbers[0] as number]?.length).toBeGreaterThan(0);
  } finally {
    Object.defineProperty(Error, 'prepareStackTrace', descriptor);
  }
});

describe.runIf(hasFrames)('the outer frames of a stack that begins in wasm', () => {
  const entries: (object | undefined)[] = [];
  const bytes = buildModule({
    imports: [['m', 'note', ':']],
    functions: [
      { type: 'i:', body: [...op.get(0), ...op.call(2)], export: 'work' },
      { type: 'i:', body: [...op.get(0), 0x04, 0x40, ...op.call(0), 0x05, ...op.call(3), 0x0b] },
      { type: ':', body: op.call(0) },
    ],
  }); // prettier-ignore
  const note = (isOuter: boolean) => {
    const find = (): void => void entries.push(index.find(find, 40, isOuter));
    return find;
  };
  test.each([true, false])('alone count if asked for: %s', (isOuter) => {
    entries.length = 0;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      m: { note: note(isOuter) },
    });
    const work = exports.work as (direct: number) => void;
    for (const direct of [1, 0, 1]) work(direct);
    work(1);
    const [one, other, again, elsewhere] = entries;
    expect(again).toBe(one);
    expect(other === one).toBe(isOuter);
    expect(elsewhere).not.toBe(one);
  });
});
