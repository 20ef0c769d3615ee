import { createHeapSync } from 'linmem';
import Client from './client.js';

export default function Page() {
  const text = createHeapSync().allocNullTerminatedUtf8String('Zürich');
  return (
    <main>
      <p id="server">{text.value}</p>
      <Client />
    </main>
  );
}
