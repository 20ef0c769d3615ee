import { remove } from './removed-globals.ts';

remove('Atomics');
