// Values as text, as console.log of Node shows them: for the output of the playground.

const MOST_ITEMS = 100;

/** Returns `value` as text; strings at the top as they are. */
export function show(value) {
  return typeof value === 'string' ? value : inspect(value, 0);
}

function inspect(value, depth) {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `[Function: ${value.name || '(anonymous)'}]`;
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (depth > 3) return '[Object]';
  if (Array.isArray(value)) return list('', value, depth);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return list(`${value.constructor.name}(${value.length}) `, value, depth);
  if (value instanceof Map || value instanceof Set)
    return list(`${value.constructor.name}(${value.size}) `, value, depth);
  if (typeof value.toJSON === 'function') return inspect(value.toJSON(), depth + 1);
  const entries = Object.entries(value).map(([key, item]) => `${key}: ${inspect(item, depth + 1)}`);
  return entries.length > 0 ? `{ ${entries.join(', ')} }` : '{}';
}

function list(head, values, depth) {
  const items = Array.from(values);
  const shown = items.slice(0, MOST_ITEMS).map((item) => inspect(item, depth + 1));
  if (items.length > MOST_ITEMS) shown.push(`... ${items.length - MOST_ITEMS} more items`);
  return shown.length > 0 ? `${head}[ ${shown.join(', ')} ]` : `${head}[]`;
}
