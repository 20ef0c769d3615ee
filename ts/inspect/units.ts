// SPDX-License-Identifier: MIT
// Formats numbers for the page, the terminal and reports.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Returns bytes in a unit with 1 to 4 digits: `96 B`, `1.5 KiB`, `-20 MiB`. */
export function bytesText(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const text = unit === 0 ? String(value) : value.toFixed(digits).replace(/\.?0+$/, digits > 0 ? '' : '$&');
  return `${bytes < 0 ? '-' : ''}${text} ${UNITS[unit]}`;
}

/** Returns an integer with thousands separators: `1,234,567`. */
export function countText(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Returns an address as C prints pointers: `0x0001f0a8`. */
export function addressText(address: number): string {
  return `0x${address.toString(16).padStart(8, '0')}`;
}

/** Returns a time in a suitable unit: `12 us`, `3.4 ms`, `5.06 s`. */
export function timeText(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} us`;
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(4))} s`;
}
