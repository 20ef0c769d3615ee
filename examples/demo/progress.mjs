// A progress bar: redrawn in place on a terminal; elsewhere only its last line.
const WIDTH = 30;

/** Returns the bar's text for `part` of `whole`. */
export function bar(part, whole) {
  const share = whole > 0 ? Math.min(part / whole, 1) : 1;
  const full = Math.floor(share * WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

/** Returns `{ at(part), done(text) }`. `at` draws at most 50 times, however often it is called. */
export function progress(label, whole, out = process.stdout) {
  const stride = Math.ceil(whole / 50) || 1;
  let next = 0;
  return {
    at(part) {
      if (!out.isTTY || part < next) return;
      next = part + stride;
      out.write(`\r   ${label} ${bar(part, whole)}`);
    },
    done(text) {
      const line = `${out.isTTY ? '\r\x1b[K' : ''}   ${label} ${bar(whole, whole)}  ${text}`;
      out.write(`${line.trimEnd()}\n`);
    },
  };
}
