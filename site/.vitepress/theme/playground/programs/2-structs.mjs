// Structs: C's layout, live instances
import { chars, createHeapSync, f32, struct, u32 } from 'linmem';

const heap = createHeapSync();
const Point = struct('point', { x: f32, y: f32 });
const Player = struct('player', { name: chars(12), score: u32, position: Point });

const players = Player.allocArray(heap, [
  { name: 'Zoë', score: 3, position: { x: 1, y: 2 } },
  { name: 'Ada', score: 7 },
]);
players.at(1).position.x = 0.5;
console.log(Player.size, 'bytes each; score is at offset', Player.offsetOf('score'));
console.log(players.at(0).toObject());
console.log(players.at(1).toObject());

// The bytes, as C sees them.
console.log(heap.readBytes(players.address, Player.size));
