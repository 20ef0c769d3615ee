import { remove } from './removed-globals.ts';

remove('TextDecoder', 'TextEncoder');
