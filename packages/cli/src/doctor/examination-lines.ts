import type { CliContext } from '../context.ts';
import { counted } from '../output/figures.ts';
import type { Fault } from './check.ts';
import type { CheckResult, CheckStatus, Examination } from './examine.ts';

/** The examination as people read it: a line a check, the faults beneath, what was skipped by its reason, the sum. */
export function examinationLines({ checks, status }: Examination, context: CliContext): string {
  const done = checks.filter((check) => check.status !== 'skipped');
  const width = Math.max(0, ...done.map(({ title }) => Array.from(title).length));
  const lines = done.map((result) => linesOf(result, width, context));
  return `${lines.join('')}${skippedLines(checks, context)}${sumLine(checks, status, context)}\n`;
}

function linesOf(
  { title, status, observed, faults }: CheckResult,
  width: number,
  context: CliContext,
): string {
  const { outStyles } = context;
  const padded = title + ' '.repeat(width - Array.from(title).length);
  if (status === 'well' || status === 'skipped') return `${outStyles.ok(padded)}  ${observed}\n`;
  const mark = status === 'warning' ? outStyles.warning : outStyles.failed;
  const details = faults.map((fault) => faultLines(fault, context));
  return `${mark(padded)}  ${counted(faults.length, 'fault')}\n${details.join('')}`;
}

function faultLines(fault: Fault, { outStyles }: CliContext): string {
  const { what, observed, expected, cause, mend } = fault;
  const lines = Object.entries({ observed, expected, cause, 'to mend': mend }).map(
    ([word, text]) => `    ${outStyles.muted(word.padEnd(8))}  ${text}\n`,
  );
  return `  ${outStyles.bold(what)}\n${lines.join('')}`;
}

function skippedLines(checks: readonly CheckResult[], { outStyles }: CliContext): string {
  const byReason = new Map<string, string[]>();
  for (const { status, title, observed } of checks) {
    if (status === 'skipped') byReason.set(observed, [...(byReason.get(observed) ?? []), title]);
  }
  const lines = [...byReason].map(([why, titles]) =>
    outStyles.muted(`- skipped: ${titles.join(', ')} (${why})`),
  );
  return lines.map((line) => `${line}\n`).join('');
}

function sumLine(
  checks: readonly CheckResult[],
  status: Examination['status'],
  { outStyles }: CliContext,
): string {
  const tally = (wanted: CheckStatus): number => checks.filter((each) => each.status === wanted).length;
  const text = `${counted(checks.length, 'check')}: ${tally('well')} well, ${counted(tally('warning'), 'warning')}, ${counted(tally('failure'), 'failure')}, ${tally('skipped')} skipped`;
  if (status === 'well') return outStyles.ok(text);
  return status === 'warning' ? outStyles.warning(text) : outStyles.failed(text);
}
