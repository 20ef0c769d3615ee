import { createHeapSync } from 'linmem';

export const runtime = 'edge';
export function GET() {
  return new Response(createHeapSync().allocNullTerminatedUtf8String('Zürich').value);
}
