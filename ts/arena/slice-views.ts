// SPDX-License-Identifier: MIT
// The typed arrays that were taken from slices.
import { hasOwnElements, type ScalarDescriptor, type ScalarValue } from '../scalar/descriptor.ts';

type ViewedSlice = Iterable<ScalarValue> & { readonly type: object };
/** The slices that views were taken from: a view keeps its slice from being collected. */
const slicesOfViews: WeakMap<ArrayBufferView, ViewedSlice> = /* @__PURE__ */ new WeakMap();

/** Records that `view` was taken from `slice`. */
export function registerView(view: ArrayBufferView, slice: { readonly type: object }): void {
  slicesOfViews.set(view, slice as ViewedSlice); // every slice is iterable
}

/** Returns the values of a slice if `source` is a view of one of `type` whose elements are not the values; else `source`. */
export function valuesOfView<T extends ScalarValue, S>(type: ScalarDescriptor<T>, source: S): S | T[] {
  const slice = hasOwnElements(type) ? undefined : slicesOfViews.get(source as ArrayBufferView); // any key is safe
  return slice?.type === type ? ([...slice] as T[]) : source; // of its type
}
