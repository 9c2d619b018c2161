import type { CliContext } from '../context.ts';
import { columns } from '../output/columns.ts';
import { ATTACK_ROWS, type AttackRow } from './attack.ts';
import type { AttackReport, AttackResult } from './run-attacks.ts';

/** The report as people read it: a table for each row of attacks, then the sum. */
export function reportLines(report: AttackReport, context: CliContext): string {
  const { outStyles } = context;
  const rows = [...new Set(report.results.map(({ row }) => row))];
  const tables = rows.map((row) => {
    const results = report.results.filter((each) => each.row === row);
    const title = outStyles.bold(`${row}  ${ATTACK_ROWS[row]}`);
    return `${title}\n${columns(
      ['', 'Attempt', 'Expected', 'Observed'],
      results.map((each) => cellsOf(each, context)),
    )}`;
  });
  return `${tables.join('\n')}\n${sumLine(report, context)}\n`;
}

/** What was not refused, each with what to look at; nothing where all was. */
export function failureLines(report: AttackReport, context: CliContext): string {
  const { errStyles } = context;
  return report.results
    .filter(({ verdict }) => verdict === 'succeeded' || verdict === 'leaked')
    .map(
      ({ id, attempt, observed, line }) =>
        `${errStyles.failed(`${id} was not refused`)}: ${attempt}. Seen: ${observed}.\n  Look at ${line ?? 'it'}.\n`,
    )
    .join('');
}

/** `A1`, `a13` → a row's name; undefined for what is none. */
export function rowNamed(text: string): AttackRow | undefined {
  const wanted = text.toUpperCase();
  return isRow(wanted) ? wanted : undefined;
}

function isRow(text: string): text is AttackRow {
  return Object.hasOwn(ATTACK_ROWS, text);
}

function cellsOf(result: AttackResult, { outStyles }: CliContext): readonly string[] {
  const { id, verdict, attempt, expected, observed } = result;
  const marks = {
    refused: outStyles.ok,
    not_tried: outStyles.muted,
    succeeded: outStyles.failed,
    leaked: outStyles.failed,
  };
  return [marks[verdict](id), attempt, expected, observed];
}

function sumLine({ tried, refused, not_tried }: AttackReport, { outStyles }: CliContext): string {
  const rest = not_tried === 0 ? '' : `, ${not_tried} not tried`;
  const text = `${refused} of ${tried} attempts ended as they must${rest}`;
  return refused === tried ? outStyles.ok(text) : outStyles.failed(text);
}
