// Call stacks in the forms in which engines write them.
import { describe, expect, test } from 'vitest';
import { CallSites } from '../../../ts/debug/call-sites.ts';
import { formatFrame, parseStack } from '../../../ts/debug/stack-frames.ts';

const framesOf = (stack: string) =>
  parseStack(stack).map(({ name, file, line, column }) => [name, file, line, column]);

describe('V8', () => {
  test.each([
    ['a function', 'at foo (file:///tmp/st.mjs:1:24)', ['foo', '/tmp/st.mjs', 1, 24]],
    ['no name', 'at file:///tmp/st.mjs:6:45', ['', '/tmp/st.mjs', 6, 45]],
    ['CommonJS', 'at Module._load (/srv/app/a b.js:2:3)', ['Module._load', '/srv/app/a b.js', 2, 3]],
    ['a constructor', 'at new A (file:///tmp/st.mjs:5:35)', ['new A', '/tmp/st.mjs', 5, 35]],
    [
      'an alias',
      'at Object.foo [as foo2] (http://h/a.js:1:24)',
      ['Object.foo [as foo2]', 'http://h/a.js', 1, 24],
    ],
    ['an async function', 'at async bar (file:///a.js:7:45)', ['async bar', '/a.js', 7, 45]],
    ['an async function without a name', 'at async file:///a.js:7:45', ['async', '/a.js', 7, 45]],
    ['Promise.all', 'at async Promise.all (index 0)', ['async Promise.all', '', 0, 0]],
    ['a builtin', 'at Array.map (<anonymous>)', ['Array.map', '', 0, 0]],
    ['Node', 'at run (node:internal/modules/esm:325:25)', ['run', 'node:internal/modules/esm', 325, 25]],
    ['parentheses in a path', 'at f (file:///a/(b)/c.js:1:2)', ['f', '/a/(b)/c.js', 1, 2]],
    ['an encoded path', 'at f (file:///a%20b/%C3%A9.js:1:2)', ['f', '/a b/é.js', 1, 2]],
    ['a percent sign that encodes nothing', 'at f (file:///a%b.js:1:2)', ['f', '/a%b.js', 1, 2]],
    ['a Windows URL', 'at f (file:///C:/a/b.js:1:2)', ['f', 'C:/a/b.js', 1, 2]],
    ['a Windows path', 'at f (C:\\a\\b.js:1:2)', ['f', 'C:\\a\\b.js', 1, 2]],
    ['webpack', 'at f (webpack-internal:///./src/a.js:9:1)', ['f', 'webpack-internal:///./src/a.js', 9, 1]],
    ['Vite', 'at f (http://h:5173/src/a.ts?t=17:9:1)', ['f', 'http://h:5173/src/a.ts?t=17', 9, 1]],
    ['eval', 'at eval (eval at foo (file:///a.js:2:13), <anonymous>:1:1)', ['eval', '/a.js', 2, 13]],
    [
      'eval in eval',
      'at eval (eval at f (eval at g (file:///a.js:3:5)), <anonymous>:1:1)',
      ['eval', '/a.js', 3, 5],
    ],
    ['eval at an odd place', 'at eval (eval at f (/a(b.js:3:5), <anonymous>:1:1)', ['eval', '/a(b.js', 3, 5]],
    ['eval at an unknown place', 'at eval (eval at f, <anonymous>:1:1)', ['eval', '', 0, 0]],
    [
      'wasm',
      'at malloc (wasm://wasm/mod-8a3f:wasm-function[12]:0x1a2b)',
      ['malloc', 'wasm://wasm/mod-8a3f', 0, 0x1a2b],
    ],
    [
      'wasm without a name',
      'at wasm://wasm/8a3f:wasm-function[12]:0x10',
      ['wasm-function[12]', 'wasm://wasm/8a3f', 0, 16],
    ],
    [
      'wasm that was streamed',
      'at f (http://h/a.wasm:wasm-function[3]:0x12)',
      ['f', 'wasm://h/a.wasm', 0, 18],
    ],
  ])('%s', (_, line, frame) => expect(framesOf(`Error: m\n    ${line}`)).toEqual([frame]));
  test('a message of several lines is no frame', () =>
    expect(framesOf('Error: a@b:1:2\nmore\n    at f (/a.js:1:2)')).toEqual([['f', '/a.js', 1, 2]]));
});

describe('SpiderMonkey', () => {
  test.each([
    ['a function', 'foo@http://h/a.js:1:24', ['foo', 'http://h/a.js', 1, 24]],
    ['no name', '@http://h/a.js:10:9', ['', 'http://h/a.js', 10, 9]],
    ['a scope in a path', 'f@http://h/node_modules/@scope/a.js:1:2', ['f', 'http://h/node_modules/@scope/a.js', 1, 2]],
    ['an async function', 'async*foo@http://h/a.js:3:4', ['async foo', 'http://h/a.js', 3, 4]],
    ['a promise', 'promise callback*foo/<@http://h/a.js:3:4', ['async foo/<', 'http://h/a.js', 3, 4]],
    ['a timer without a name', 'setTimeout handler*@http://h/a.js:3:4', ['async', 'http://h/a.js', 3, 4]],
    ['eval', 'foo@http://h/a.js line 7 > eval:1:1', ['foo', 'http://h/a.js', 7, 0]],
    ['eval in eval', '@http://h/a.js line 7 > eval line 1 > eval:1:1', ['', 'http://h/a.js', 7, 0]],
    ['Function', 'anonymous@http://h/a.js line 7 > Function:1:1', ['anonymous', 'http://h/a.js', 7, 0]],
    ['wasm', 'malloc@http://h/a.wasm:wasm-function[12]:0x1a2b', ['malloc', 'wasm://h/a.wasm', 0, 0x1a2b]],
    ['wasm of bytes', '12@http://h/a.js line 3 > WebAssembly.Module:wasm-function[12]:0x1a', ['wasm-function[12]', 'wasm://h/a.js line 3 > WebAssembly.Module', 0, 0x1a]],
  ])('%s', (_, line, frame) => expect(framesOf(`${line}\n`)).toEqual([frame])); // prettier-ignore
});

describe('JavaScriptCore', () => {
  test.each([
    ['a function', 'foo@http://h/a.js:1:24', ['foo', 'http://h/a.js', 1, 24]],
    ['the module', 'module code@http://h/a.js:9:1', ['module code', 'http://h/a.js', 9, 1]],
    ['no name, no @', 'http://h/a.js:9:1', ['', 'http://h/a.js', 9, 1]],
    ['a builtin', 'map@[native code]', ['map', '', 0, 0]],
    ['an engine function without a name', '[native code]', ['', '', 0, 0]],
    ['eval', 'eval code@', ['eval code', '', 0, 0]],
    ['an async function', 'async foo@http://h/a.js:1:2', ['async foo', 'http://h/a.js', 1, 2]],
    ['wasm', 'a.wasm.wasm-function[malloc]@[wasm code]', ['malloc', 'wasm://a.wasm', 0, 0]],
    ['wasm without a name', '<?>.wasm-function[12]@[wasm code]', ['wasm-function[12]', 'wasm://', 0, 0]],
  ])('%s', (_, line, frame) => expect(framesOf(line)).toEqual([frame]));
});

test.each(['', 'Error', 'no frame\nat all'])('%j has no frames', (text) =>
  expect(framesOf(text)).toEqual([]),
);

test.each([
  [['f', '/a.js', 1, 2], 'f (/a.js:1:2)'],
  [['', '/a.js', 1, 2], '/a.js:1:2'],
  [['f', '/a.js', 1, 0], 'f (/a.js:1)'],
  [['f', 'http://h/a.ts?t=17', 1, 2], 'f (http://h/a.ts:1:2)'],
  [['malloc', 'wasm://h/a.wasm', 0, 18], 'malloc (wasm://h/a.wasm)'],
  [['Array.map', '', 0, 0], 'Array.map'],
  [['', '', 0, 0], 'unknown'],
] as const)('%j is written as %s', ([name, file, line, column], text) =>
  expect(formatFrame({ name, file, line, column })).toBe(text),
);

test('a number that is too large for a line is no line, so that such a stack is recorded', () => {
  const digits = '9'.repeat(400);
  for (const line of [
    `    at f (a.js:${digits}:${digits})`,
    `f@a.js:${digits}:1`,
    `    at f (wasm://w:wasm-function[1]:0x${digits})`,
  ]) {
    expect(framesOf(line)[0]?.slice(2), line.slice(0, 20)).toEqual([0, line.endsWith(':1') ? 1 : 0]);
    expect(new CallSites().intern(line)).toBe(1);
  }
});
