// Runs statements in another thread, in every engine, with `memory` in their scope.

/** Resolves when `code` has run over there. */
export async function elsewhere(memory: WebAssembly.Memory, code: string): Promise<void> {
  if (typeof Worker === 'function' && typeof document === 'object') {
    const source = `onmessage = ({ data: memory }) => { ${code}; postMessage('done'); };`;
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = reject;
      worker.postMessage(memory);
    });
    worker.terminate();
    return;
  }
  const name = 'node:worker_threads';
  const threads = (await import(/* @vite-ignore */ name)) as typeof import('node:worker_threads');
  const worker = new threads.Worker(`const memory = require('node:worker_threads').workerData; ${code};`, {
    eval: true,
    workerData: memory,
  });
  await new Promise((resolve, reject) => {
    worker.on('exit', resolve);
    worker.on('error', reject);
  });
}
