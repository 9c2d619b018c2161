import type { CliContext } from '../context.ts';
import { type SimulationReport, standsUp } from '../simulate/report.ts';
import type { Simulation } from '../simulate/run-simulation.ts';
import type { Spread } from '../simulate/simulation-tally.ts';
import { columns } from './columns.ts';
import { count, counted, duration } from './figures.ts';

/** One line about what a simulation does now. */
export function simulationProgress(
  frame: string,
  { phase, tally, cutOff, sellingUntilMs }: Simulation,
  { tills }: { readonly tills: number },
): string {
  if (phase === 'opening') {
    const held = tally.held === null ? '' : `  held up: ${tally.held}`;
    return `${frame} opening tills  ${count(tally.opened)} of ${count(tills)}, ${count(tally.live)} live${held}`;
  }
  const sales = `${counted(tally.sold, 'sale')}, ${count(tally.unanswered)} waiting`;
  if (phase !== 'selling') return `${frame} handing in what waits  ${sales}`;
  const left = duration(Math.max(0, sellingUntilMs - performance.now()));
  return `${frame} selling  ${count(tally.live)} of ${count(tills)} live, ${count(cutOff)} cut off  ${sales}  ${left} left`;
}

/** What it came to. */
export function simulationLines(report: SimulationReport, { outStyles }: CliContext): string {
  const { bold, muted, ok, failed, warning } = outStyles;
  const { tills, sales, days, save_ms: save, hand_in_ms: handIn, late_ms: late } = report;
  const head = `${counted(tills.asked_for, 'till')} of ${report.license}, ${count(tills.live)} live in the end; cut off ${counted(tills.outages, 'time')}`;
  const sold = `${counted(sales.made, 'sale')} made, ${count(sales.made_cut_off)} of them cut off: ${count(sales.accepted)} accepted, ${count(sales.rejected)} rejected, ${count(sales.waiting)} waiting`;
  const lines = [
    bold(head),
    sold,
    ...(sales.not_made > 0 ? [warning(`${counted(sales.not_made, 'customer')} could buy nothing`)] : []),
    `saved in ${timesOf(save)}; handed in after ${timesOf(handIn)}; customers waited ${timesOf(late)}`,
    '',
  ];
  const rows = days.map(({ day, currency, tills: own, server, equal }) => [
    day,
    currency,
    count(own.sales),
    own.amount,
    count(server.sales),
    server.amount,
    equal ? ok('equal') : failed('differs'),
  ]);
  const titles = ['Day', '', 'Sold', 'Amount', 'On the server', 'Amount', ''];
  const table =
    days.length === 0
      ? ''
      : `${columns(
          titles.map((title) => muted(title)),
          rows,
        )}\n`;
  return `${lines.join('\n')}\n${table}${endOf(report)}\n`;

  function endOf({ trouble, folder, interrupted }: SimulationReport): string {
    const early = interrupted ? `${warning('interrupted')}  before the end\n` : '';
    if (standsUp(report)) {
      return `${early}${ok('right')}  every sale is on the server once, and the sums are equal to the penny`;
    }
    const why = trouble === null ? '' : `\n  ${trouble}`;
    const where = folder === null ? '' : `\n  the tills' files are in ${folder}`;
    return `${early}${failed(`${count(sales.missing)} missing, ${count(sales.surplus)} too many, ${count(sales.rejected)} rejected, ${count(sales.waiting)} waiting`)}${why}${where}`;
  }
}

function timesOf({ p50, p99 }: Spread): string {
  return p50 === null || p99 === null ? 'an unknown time' : `${p50} ms (p50), ${p99} ms (p99)`;
}
