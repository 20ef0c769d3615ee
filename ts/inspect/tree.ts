// SPDX-License-Identifier: MIT
// The call tree: stacks merged by their outer frames, with the totals below each frame.
import type { StackFrame } from '../debug/recording.ts';
import { assertShape, FRAME, STACK } from '../debug/shape.ts';
import { assertColumn } from './shapes.ts';
import type { SiteTotals } from './sites.ts';

/** A frame of the call tree. */
export interface TreeNode {
  /** The frame; undefined for the root. */
  readonly frame: StackFrame | undefined;
  readonly children: TreeNode[];
  readonly depth: number;
  /** The bytes and blocks of this node and all nodes below. */
  bytes: number;
  blocks: number;
  /** The bytes and blocks of stacks that end here. */
  selfBytes: number;
  selfBlocks: number;
}

/** Returns the name of a frame: the function, or the file without its folder and the line. */
export function frameName(frame: StackFrame | undefined): string {
  if (frame !== undefined) assertShape(frame, FRAME, 'frame');
  return nameIn(frame);
}

/** Returns the position of a frame: `file:line:column`, or the known parts of it. */
export function placeOf(frame: StackFrame): string {
  assertShape(frame, FRAME, 'frame');
  return placeIn(frame);
}

/** As {@link frameName}, for a frame of a checked recording. */
export function nameIn(frame: StackFrame | undefined): string {
  if (frame === undefined) return 'all';
  return frame.name || placeIn(frame).replace(/^.*[\\/]/, '') || 'unknown';
}

/** As {@link placeOf}, for a frame of a checked recording. */
export function placeIn({ file, line, column }: StackFrame): string {
  if (!file) return '';
  return file + (line > 0 ? `:${line}` : '') + (line > 0 && column > 0 ? `:${column}` : '');
}

const UNKNOWN: StackFrame = { name: 'unknown', file: '', line: 0, column: 0 };

/**
 * Returns the tree of all stacks that have bytes or blocks. The root has the outermost frames; children are sorted by
 * size.
 */
export function callTree(stacks: readonly (readonly StackFrame[])[], totals: SiteTotals): TreeNode {
  assertShape(stacks, [STACK], 'stacks');
  assertShape(totals, {}, 'totals');
  assertColumn(totals.bytes, 'Float64Array', 0, 'bytes');
  assertColumn(totals.blocks, 'Float64Array', totals.bytes.length, 'blocks');
  const make = (frame: StackFrame | undefined, depth: number): TreeNode => ({ frame, children: [], depth, bytes: 0, blocks: 0, selfBytes: 0, selfBlocks: 0 }); // prettier-ignore
  const root = make(undefined, 0);
  const index = new Map<TreeNode, Map<string, TreeNode>>();
  const childOf = (node: TreeNode, frame: StackFrame): TreeNode => {
    let children = index.get(node);
    if (!children) index.set(node, (children = new Map()));
    const key = `${frame.name}\n${placeIn(frame)}`;
    let child = children.get(key);
    if (!child) {
      child = make(frame, node.depth + 1);
      children.set(key, child);
      node.children.push(child);
    }
    return child;
  };
  for (let site = 0; site < totals.bytes.length; site++) {
    const bytes = totals.bytes[site] as number;
    const blocks = totals.blocks[site] as number;
    if (bytes === 0 && blocks === 0) continue;
    const stack = stacks[site] ?? [];
    const path: TreeNode[] = [root];
    let node = root;
    if (stack.length === 0) path.push((node = childOf(root, UNKNOWN)));
    for (let i = stack.length - 1; i >= 0; i--) path.push((node = childOf(node, stack[i] as StackFrame)));
    for (const each of path) {
      each.bytes += bytes;
      each.blocks += blocks;
    }
    node.selfBytes += bytes;
    node.selfBlocks += blocks;
  }
  for (const node of [root, ...index.keys()]) node.children.sort((a, b) => b.bytes - a.bytes);
  return root;
}
