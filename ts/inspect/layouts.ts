// SPDX-License-Identifier: MIT
// The layouts of types in a recording: their fields, for the page.
import type { RecordedField, RecordedType } from '../debug/recording.ts';
import type { ByteReader, ByteWriter } from './varint.ts';

/** Writes layouts. */
export function writeLayouts(out: ByteWriter, layouts: readonly RecordedType[]): void {
  out.varint(layouts.length);
  for (const { name, bytes, fields } of layouts) {
    out.text(name);
    out.varint(bytes);
    out.varint(fields.length);
    for (const field of fields) {
      for (const text of [field.name, field.type, field.reads]) out.text(text);
      out.varint(field.offset);
      out.varint(field.bytes);
    }
  }
}

/** Reads layouts that {@link writeLayouts} wrote. Throws RecordingError. */
export function readLayouts(block: ByteReader): RecordedType[] {
  const list = <T>(least: number, read: () => T): T[] => {
    const found: T[] = [];
    for (let count = block.count(least); count > 0; count--) found.push(read());
    return found;
  };
  const field = (): RecordedField => {
    const [name, type, reads] = [block.text(), block.text(), block.text()];
    return { name, type, reads, offset: block.varint(), bytes: block.varint() };
  };
  return list(3, () => {
    const [name, bytes] = [block.text(), block.varint()];
    return { name, bytes, fields: list(5, field) };
  });
}
