// The C file that checks layouts, compiled by clang.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  array,
  bits,
  chars,
  cstr,
  f32,
  i32,
  layoutChecks,
  pointer,
  struct,
  u16,
  u32,
} from '../../../ts/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-checks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HEADER = `
#include <stdint.h>
typedef struct { int32_t id; float x, y; } point_t;
struct node { char name[5]; uint16_t flags; unsigned low : 3; struct node *next; point_t points[2]; char *tag; };
`;
const Point = struct('point_t', { id: i32, x: f32, y: f32 });
const Node = struct('node', {
  name: chars(5),
  flags: u16,
  low: bits(u32, 3),
  get next() {
    return pointer(Node);
  },
  points: array(Point, 2),
  tag: cstr,
});
const compile = (source: string, target: string): string => {
  writeFileSync(join(folder, 'point.h'), HEADER);
  writeFileSync(join(folder, 'checks.c'), source);
  return spawnSync('clang', [`--target=${target}`, '-fsyntax-only', join(folder, 'checks.c')], {
    encoding: 'utf8',
  }).stderr;
};

test.each([
  ['wasm32', 4],
  ['wasm64', 8],
] as const)('layout checks compile for %s, and fail for a struct that differs', (target, pointerSize) => {
  const good = layoutChecks({ point_t: Point, 'struct node': Node }, ['point.h'], pointerSize);
  expect(good).toContain('offsetof(struct node, points)');
  expect(compile(good, target)).toBe('');
  const Wrong = struct('point_t', { id: i32, y: f32, x: f32 });
  expect(compile(layoutChecks({ point_t: Wrong }, ['point.h'], pointerSize), target)).toContain(
    'offset of point_t.y',
  );
});
