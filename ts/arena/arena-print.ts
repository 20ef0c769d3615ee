// SPDX-License-Identifier: MIT
// The printed form of an arena, and its summary for JSON.
import { hex } from '../scalar/print.ts';

interface PrintedArena {
  readonly kind: string;
  readonly basePtr: number;
  readonly capBytes: number;
  readonly destroyed: boolean;
  usedBytes(): number;
}

/** Prints the arena that it is called on. */
export function printArena(this: PrintedArena): string {
  const used = this.destroyed ? 'destroyed' : `${this.usedBytes()} of ${this.capBytes} bytes used`;
  return `WasmHeapArena at ${hex(this.basePtr)} (${used})`;
}

/** Returns the state of an arena as a plain object. */
export function summaryOf(arena: PrintedArena): object {
  const { kind, basePtr, capBytes, destroyed } = arena;
  return { kind, basePtr, capBytes, ...(destroyed ? { destroyed } : { usedBytes: arena.usedBytes() }) };
}
