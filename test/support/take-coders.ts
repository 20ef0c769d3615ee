import { take } from './taken.ts';

take('TextDecoder', 'TextEncoder');
