import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Figures what one failure came to; tests/cluster/support/trial.ts writes them
 * @property {string} failure
 * @property {number} tillsDetached
 * @property {number} attachedAgainMs
 * @property {number} tillsNotLive
 * @property {number} liveAgainMs
 * @property {number | null} noticedMs
 * @property {number} publishingPausedMs
 * @property {number} commitsPausedMs
 */

const HEADS = [
  'failure',
  'noticed after',
  'tills detached',
  'all attached after',
  'tills not live',
  'all live after',
  'publishing paused',
  'commits paused',
];

/**
 * What the cluster's failures came to, as a table for people.
 * @param {string} folder where the tests wrote their figures
 * @returns {string} Markdown
 */
export function clusterTable(folder) {
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  const rows = files.flatMap((name) => {
    /** @type {Figures[]} */
    const figures = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    return figures.map((each) => [
      each.failure,
      each.noticedMs === null ? '' : seconds(each.noticedMs),
      String(each.tillsDetached),
      each.tillsDetached === 0 ? '' : seconds(each.attachedAgainMs),
      String(each.tillsNotLive),
      each.tillsNotLive === 0 ? '' : seconds(each.liveAgainMs),
      seconds(each.publishingPausedMs),
      seconds(each.commitsPausedMs),
    ]);
  });
  const widths = HEADS.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  /** @param {readonly string[]} cells */
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(HEADS), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/**
 * @param {number} ms
 * @returns {string} e.g. "1.2 s"
 */
function seconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}
