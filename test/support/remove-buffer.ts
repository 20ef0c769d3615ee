import { remove } from './removed-globals.ts';

remove('Buffer');
