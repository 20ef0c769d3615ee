// npx linmem view and export, as programs.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeRecording } from '../../../ts/inspect/decode.ts';
import { encodeRecording } from '../../../ts/inspect/encode.ts';
import { recordingOf } from '../../support/recording.ts';
import { BIN, folder, linmem, write } from '../../support/cli.ts';

describe('view and export', () => {
  const bytes = encodeRecording(recordingOf(['alloc', 1024, 64], ['alloc', 2048, 8]));
  beforeAll(() => {
    write('two.lmh', bytes);
    write('cut.lmh', bytes.subarray(0, bytes.length - 3));
    write('other.lmh', '{"nodes": []}');
  });

  test('view prints the address of the page, and serves it until it is ended', async () => {
    const child = spawn(process.execPath, [BIN, 'view', '--no-open', 'two.lmh'], { cwd: folder });
    const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
    const url = await new Promise<string>((resolve) => child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()))); // prettier-ignore
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
    expect(await (await fetch(url)).text()).toContain('<!doctype html>');
    expect(new Uint8Array(await (await fetch(`${url}heap.lmh`)).arrayBuffer())).toEqual(bytes);
    child.kill();
    expect(await ended).toBe('SIGTERM');
  });
  test('view --text prints it', () => {
    const { status, stdout } = linmem('view', '--text', 'two.lmh');
    expect(status).toBe(0);
    expect(stdout).toContain('Never freed: 72 B in 2 blocks');
  });
  test('a truncated recording, and another file: what to do', () => {
    expect(linmem('view', '--text', 'cut.lmh').stderr).toMatch(/cut\.lmh: the file .* with --partial/);
    expect(linmem('view', '--text', '--partial', 'cut.lmh').stdout).toContain('2 events');
    expect(linmem('view', '--text', 'other.lmh').stderr).toMatch(/other\.lmh: the file is JSON/);
  });
  test.each<[string, (contents: Buffer) => boolean]>([
    ['copy.lmh', (contents) => decodeRecording(contents).length === 2],
    ['copy.lmh.gz', (contents) => contents[0] === 0x1f],
    ['report.html', (contents) => contents.toString().includes('"kind":"data"')],
    ['heap.pb.gz', (contents) => contents[0] === 0x1f],
    ['heap.speedscope.json', (contents) => JSON.parse(contents.toString()).exporter === 'linmem'],
    ['heap.trace.json', (contents) => JSON.parse(contents.toString()).traceEvents.length > 4],
    ['heap.dhat.json', (contents) => JSON.parse(contents.toString()).dhatFileVersion === 2],
    ['heap.collapsed.txt', (contents) => contents.toString() === 'unknown 72\n'],
  ])('export writes %s', (name, isRight) => {
    expect(linmem('export', 'two.lmh', '-o', name)).toEqual(
      expect.objectContaining({ status: 0, stderr: '' }),
    );
    expect(isRight(readFileSync(join(folder, name)))).toBe(true);
  });
  test('export takes the name as --out too, as inspect does', () => {
    expect(linmem('export', 'two.lmh', '--out=out.html')).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(folder, 'out.html'), 'utf8')).toContain('"kind":"data"');
  });
  test.each<[string, string[], RegExp]>([
    ['an unknown command', ['look'], /^usage: linmem bindings/],
    ['a recording that is not there', ['view', 'nowhere.lmh'], /nowhere\.lmh: no such file/],
    ['a port that is none', ['view', '--port=99999', 'heap.lmh'], /--port takes an integer up to 65535/],
    ['an export without a name', ['export', 'heap.lmh'], /^usage: linmem export/],
  ])('%s', (_, args, message) => {
    const { status, stdout, stderr } = linmem(...args);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
  }); // prettier-ignore
});
