'use client';
import { createHeap } from 'linmem';
import { useEffect, useState } from 'react';

export default function Client() {
  const [text, setText] = useState('');
  useEffect(() => {
    createHeap().then((heap) => setText(heap.allocNullTerminatedUtf8String('Zürich').value));
  }, []);
  return <p id="client">{text}</p>;
}
