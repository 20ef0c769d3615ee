// Stands for a GPUDevice where there is none. It has only what the example calls, and checks arguments as WebGPU does.
export const fakeDevice = {
  label: 'fake device',
  createBuffer: ({ size, usage }) => ({ size, usage, bytes: new Uint8Array(size) }),
  queue: {
    writeBuffer(buffer, offset, data, dataOffset, size) {
      if (offset % 4 !== 0 || size % 4 !== 0) throw new RangeError('offset and size must be multiples of 4');
      if (offset + size > buffer.size) throw new RangeError('the data does not fit in the buffer');
      buffer.bytes.set(new Uint8Array(data, dataOffset, size), offset);
    },
  },
};
