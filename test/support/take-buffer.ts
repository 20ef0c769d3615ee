import { take } from './taken.ts';

take('Buffer');
