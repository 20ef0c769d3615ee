// Reads measurements from text into an array of structs in a WebAssembly heap, and prints statistics.
import { chars, createHeap, f64, struct, u32 } from 'linmem';

const text = `Bern,540,8.8
Zürich,408,9.3
Genève,374,10.5
Samedan,1709,2.0`;

const Station = struct('station', { name: chars(16), altitude: u32, temperature: f64 });
const heap = await createHeap();
const lines = text.split('\n');
const stations = Station.allocArray(heap, lines.length);
lines.forEach((line, i) => {
  const [name, altitude, temperature] = line.split(',');
  stations.at(i).set({ name, altitude: Number(altitude), temperature: Number(temperature) });
});

let sum = 0;
for (const station of stations) sum += station.temperature;
console.log(`${stations.length} stations of ${Station.size} bytes at address ${stations.address}`);
console.log(`mean temperature ${(sum / stations.length).toFixed(2)}`);
console.log(`the second is ${stations.at(1).name}, ${stations.at(1).altitude} m`);

stations.free();
console.log(`${heap.statistics.liveBytes} bytes are still allocated`);
