import { createHeap } from 'linmem';

const heap = await createHeap();
const text = heap.allocNullTerminatedUtf8String('Zürich');
document.querySelector('#client').textContent = text.value;
