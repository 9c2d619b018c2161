/**
 * @typedef {object} VitestReport vitest's JSON report, as far as it is read here
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {{ name: string, status: string, assertionResults: { status: string }[] }[]} testResults
 */

/**
 * Counts a test run. A test file that could not be loaded, a failed check and an error outside any test
 * count as one failure each, so that nothing that went wrong reads as "0 failed".
 * @param {VitestReport | undefined} report undefined when the run did not get so far
 * @param {{ exitCode: number, checkFailed: boolean }} run
 * @returns {{ passed: number, failed: number, line: string, notes: string[] }}
 */
export function summarize(report, run) {
  /** @type {string[]} */
  const notes = [];
  const passed = report?.numPassedTests ?? 0;
  let failed = report?.numFailedTests ?? 0;
  for (const file of report?.testResults ?? []) {
    const explained = file.assertionResults.some((result) => result.status === 'failed');
    if (file.status === 'failed' && !explained) {
      failed += 1;
      notes.push(`Could not be run: ${file.name}`);
    }
  }
  if (run.exitCode !== 0 && failed === 0) {
    failed += 1;
    notes.push(`The test run ended with exit code ${run.exitCode} for another reason than a failed test.`);
  }
  if (run.checkFailed) {
    failed += 1;
    notes.push('The checks failed (npm run check).');
  }
  return { passed, failed, notes, line: `${passed} passed, ${failed} failed` };
}
