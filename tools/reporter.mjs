// The vitest reporter of npm test: a line for each project, what the package tests measured, and failures in full.
import { relative } from 'node:path';
import { DefaultReporter } from 'vitest/node';
import { ROOT } from './setup.mjs';

export default class Reporter extends DefaultReporter {
  #projects = new Map();
  #measured = [];

  /** Counts the tests of a file. The base class prints a line for each file and for each slow test. */
  printTestModule(module) {
    const { name } = module.project;
    const counts = this.#projects.get(name) ?? { files: 0, passed: 0, failed: 0, skipped: 0 };
    this.#projects.set(name, counts);
    counts.files++;
    for (const test of module.children.allTests()) counts[test.result().state]++;
  }
  /** Keeps what the tests of the package print: sizes. The base class prints the output of a test that failed. */
  onUserConsoleLog(log, taskState) {
    const file = log.taskId && this.ctx.state.idMap.get(log.taskId)?.file?.filepath;
    const isOfPackage = file && relative(ROOT, file).startsWith('test/package');
    if (isOfPackage && taskState === undefined) this.#measured.push(log.content.trimEnd());
    super.onUserConsoleLog(log, taskState);
  }
  reportTestSummary(...args) {
    for (const [name, { files, ...counts }] of this.#projects) {
      const results = Object.entries(counts).filter(([, count]) => count > 0);
      this.log(
        ` ${name}: ${files} files, ${results.map(([state, count]) => `${count} ${state}`).join(', ')}`,
      );
    }
    for (const text of this.#measured) this.log(` ${text}`);
    return super.reportTestSummary(...args);
  }
}
