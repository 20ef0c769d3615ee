#!/usr/bin/env node
// npx linmem: see npx linmem --help.
import child from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';
import { main } from '../dist/cli/main.js';

const load = (url) => import(url);
const fileUrl = (file) => pathToFileURL(file).href;
await main(process.argv.slice(2), { fs, path, child, zlib, os, process, fileUrl, load });
