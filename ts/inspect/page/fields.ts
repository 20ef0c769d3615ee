// SPDX-License-Identifier: MIT
// The fields of a block with a known type: their offsets, and their values if its bytes are known.
import type { RecordedField, RecordedType } from '../../debug/recording.ts';
import { addressText, countText } from '../units.ts';
import { make } from './dom.ts';

/** The maximum number of array elements that are shown. */
const MAX_ELEMENTS = 32;

type Getter = (data: DataView, at: number) => unknown;
/** The functions that read scalars. Fields of other formats have no value in the table. */
const GETTERS: Readonly<Record<string, readonly [bytes: number, get: Getter]>> = {
  i8: [1, (data, at) => data.getInt8(at)],
  u8: [1, (data, at) => data.getUint8(at)],
  u8c: [1, (data, at) => data.getUint8(at)],
  bool: [1, (data, at) => data.getUint8(at) !== 0],
  i16: [2, (data, at) => data.getInt16(at, true)],
  u16: [2, (data, at) => data.getUint16(at, true)],
  i32: [4, (data, at) => data.getInt32(at, true)],
  u32: [4, (data, at) => data.getUint32(at, true)],
  f32: [4, (data, at) => data.getFloat32(at, true)],
  ptr32: [4, (data, at) => addressText(data.getUint32(at, true))],
  i64: [8, (data, at) => data.getBigInt64(at, true)],
  u64: [8, (data, at) => data.getBigUint64(at, true)],
  ptr53: [8, (data, at) => `0x${data.getBigUint64(at, true).toString(16)}`],
  ptr64: [8, (data, at) => `0x${data.getBigUint64(at, true).toString(16)}`],
  f64: [8, (data, at) => data.getFloat64(at, true)],
};

/**
 * Returns a table of the fields of a block; undefined if there are none. `bytes` has the first bytes of the block, or
 * all.
 */
export function fieldsPart(
  layout: RecordedType | undefined,
  size: number,
  bytes: Uint8Array | undefined,
): HTMLElement | undefined {
  if (!layout) return undefined;
  const isList = layout.name.endsWith('[]');
  const elements = isList ? Math.floor(size / layout.bytes) : 1;
  const shown = Math.min(elements, MAX_ELEMENTS);
  const rows = Array.from({ length: shown }, (_, i) =>
    layout.fields.map((field) => rowOf(field, isList ? `[${i}]` : '', i * layout.bytes, bytes)),
  ).flat();
  const heads = ['offset', 'field', 'type', ...(bytes ? ['value'] : [])];
  const head = make('tr', {}, ...heads.map((text) => make('th', { scope: 'col', text })));
  const table = make('table', { class: 'fields' }, make('thead', {}, head), make('tbody', {}, ...rows));
  const more = elements - shown;
  return make('div', {}, table, ...(more > 0 ? [make('p', { class: 'none', text: `and ${countText(more)} more elements` })] : [])); // prettier-ignore
}

function rowOf(
  field: RecordedField,
  prefix: string,
  base: number,
  bytes: Uint8Array | undefined,
): HTMLElement {
  const offset = base + field.offset;
  const name = prefix === '' || field.name === '' ? prefix + field.name : `${prefix}.${field.name}`;
  const cells = [countText(offset), name === '' ? 'value' : name, field.type];
  if (bytes) cells.push(valueText(field, bytes.subarray(offset, offset + field.bytes)));
  return make('tr', {}, ...cells.map((text) => make('td', { text })));
}

/** Returns the value of a field as text; '' if its bytes are unknown. */
export function valueText({ reads, bytes: size }: RecordedField, bytes: Uint8Array): string {
  if (bytes.length < size) return '';
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (reads === 'text') {
    const end = bytes.indexOf(0);
    return JSON.stringify(new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)));
  }
  const bits = /^bits (\d+) (\d+) ([iu])?/.exec(reads);
  if (bits) return bitsOf(bytes, Number(bits[1]), Number(bits[2]), bits[3] === 'i');
  const [step, get] = GETTERS[reads === 'pointer' ? (size === 8 ? 'ptr64' : 'ptr32') : reads] ?? [];
  if (!step || !get) return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const values: string[] = [];
  for (let at = 0; at + step <= size && values.length < MAX_ELEMENTS; at += step) values.push(String(get(data, at))); // prettier-ignore
  return values.join(', ') + (values.length * step < size ? ', ...' : '');
}

function bitsOf(bytes: Uint8Array, bit: number, width: number, isSigned: boolean): string {
  let raw = 0n;
  for (const byte of [...bytes].reverse()) raw = (raw << 8n) | BigInt(byte);
  const value = (raw >> BigInt(bit)) & ((1n << BigInt(width)) - 1n);
  return String(isSigned ? BigInt.asIntN(width, value) : value);
}
