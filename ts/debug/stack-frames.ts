// SPDX-License-Identifier: MIT
// Parses the call stacks of V8, SpiderMonkey and JavaScriptCore.
//
//   V8              at [async ][new ]name [as alias] (place)     at place
//                   at eval (eval at name (place), <anonymous>:1:1)
//   SpiderMonkey    [cause*]name@place                           file line 3 > eval:1:1
//   JavaScriptCore  name@place                                   name@[native code]
//   place           file:line:column, native, <anonymous>, file:wasm-function[index]:0xoffset
import type { StackFrame } from './recording.ts';
import { assertShape, FRAME } from './shape.ts';

const PLACE = /^(.*?)(?::(\d+))?(?::(\d+))?$/s;
const WASM_PLACE = /^(.*?):?wasm-function\[(\d+)\](?::(0x[0-9a-f]+|\d+))?$/;
/** SpiderMonkey names the file and the line that called eval. */
const EVAL_PLACE = /^(.*?) line (\d+) > .*:\d+(?::\d+)?$/;
/** V8: the innermost place is the last one that called eval. */
const EVAL_ORIGIN = /^eval at .*? \((?!eval at )(.*?:\d+:\d+)\)/;

/** Returns the frames of `stack`, the text of `error.stack`, innermost first. Other lines are skipped. */
export function parseStack(stack: string): StackFrame[] {
  assertShape(stack, 'string', 'stack');
  const lines = stack.split('\n');
  const isV8 = lines.some((line) => /^ {4}at /.test(line));
  const frames: StackFrame[] = [];
  for (const line of lines) {
    const frame = isV8 ? parseV8(line) : parseGecko(line);
    if (frame) frames.push(frame);
  }
  return frames;
}

function parseV8(line: string): StackFrame | undefined {
  const call = /^ {4}at (.*)$/.exec(line)?.[1];
  if (call === undefined) return undefined;
  // The place is in the parentheses that end the line; the file name may have parentheses too.
  const named = /^(.*?) \((.*)\)$/.exec(call);
  if (named) return frameAt(named[1] as string, named[2] as string); // both groups matched
  const isAsync = call.startsWith('async ');
  return frameAt(isAsync ? 'async' : '', isAsync ? call.slice(6) : call);
}

/** Parses a line of SpiderMonkey or JavaScriptCore. */
function parseGecko(line: string): StackFrame | undefined {
  const at = line.indexOf('@');
  if (at < 0)
    return line.startsWith('[native code]') || /:\d+:\d+$/.test(line) ? frameAt('', line) : undefined;
  const name = line.slice(0, at);
  const star = name.lastIndexOf('*'); // the kind of an asynchronous call: `async*f`, `promise callback*f`
  return frameAt(star < 0 ? name : `async ${name.slice(star + 1)}`.trim(), line.slice(at + 1));
}

function frameAt(name: string, place: string): StackFrame {
  const wasm = WASM_PLACE.exec(place);
  if (wasm) return wasmFrame(name, wasm[1] as string, wasm[2] as string, wasm[3]); // the groups matched
  // JavaScriptCore: <?>.wasm-function[name]@[wasm code]
  const inner = /^(.*)\.wasm-function\[(.*)\]$/.exec(name);
  if (inner && place === '[wasm code]') return wasmFrame(inner[2] as string, inner[1] as string, '');
  const origin = EVAL_ORIGIN.exec(place)?.[1];
  if (origin === undefined && place.startsWith('eval at ')) return frameOf(name, '');
  const spidered = EVAL_PLACE.exec(place);
  if (spidered) return frameOf(name, spidered[1] as string, spidered[2]); // as above
  const [, file = '', line, column] = PLACE.exec(origin ?? place) ?? [];
  return frameOf(name, file, line, column);
}

/** Returns the frame of a wasm function: `line` is 0, and `column` the offset in the module, or 0 if unknown. */
function wasmFrame(name: string, file: string, index: string, offset?: string): StackFrame {
  const url = file.startsWith('wasm://')
    ? file
    : `wasm://${file.replace(/^<\?>$/, '').replace(/^\w+:\/\//, '')}`;
  const known = name.replace(/^async /, '').replace(/^[\w.-]*\.wasm-function\[(.*)\]$/, '$1');
  return {
    name: known === '' || /^\d+$/.test(known) ? `wasm-function[${known || index}]` : known,
    file: url,
    line: 0,
    column: countOf(offset),
  };
}

function frameOf(name: string, file: string, line?: string, column?: string): StackFrame {
  const isPlace = !/^(?:native|<anonymous>|\[native code\]|\[wasm code\]|unknown location|index \d+)$/.test(
    file,
  );
  return {
    name: name === '<anonymous>' ? '' : name,
    file: isPlace ? toPath(file) : '',
    line: countOf(line),
    column: countOf(column),
  };
}

/** Returns the number of digits; 0 if it is too large, as in a name that ends like a line. */
function countOf(digits = '0'): number {
  const count = Number(digits);
  return count < 2 ** 53 ? count : 0;
}

/** Returns the path of a `file:` URL, so that a source has one name in modules and in CommonJS. */
function toPath(file: string): string {
  if (!file.startsWith('file://')) return file;
  const path = file.slice(7).replace(/^\/(?=[A-Za-z]:)/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a percent sign that encodes nothing
  }
}

/** Returns `frame` as one line of text: `name (file:line:column)`. */
export function formatFrame(frame: StackFrame): string {
  assertShape(frame, FRAME, 'frame');
  const { name, file, line, column } = frame;
  const source = file.replace(/\?(?:t|v|import)(?:=[^&]*)?$/, ''); // a development server adds it
  const place = source + (line > 0 ? `:${line}` : '') + (line > 0 && column > 0 ? `:${column}` : '');
  if (name === '') return place || 'unknown';
  return place === '' ? name : `${name} (${place})`;
}
