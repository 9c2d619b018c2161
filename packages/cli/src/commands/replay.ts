import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import type { Currency } from '@tillcast/protocol/money';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { openSource } from '../import/source-file.ts';
import { parseCurrency, parseInteger, quoted, usageError } from '../input/parse.ts';
import { interruptSignal } from '../interrupt.ts';
import { count, counted, duration, rate } from '../output/figures.ts';
import { bar, startLiveLine } from '../output/live-line.ts';
import {
  type RecordedChange,
  type RecordingRange,
  readPriceChanges,
  recordingTime,
} from '../replay/price-changes.ts';
import { type ReplayClock, type ReplayTally, replayChanges } from '../replay/replay-changes.ts';
import { CURRENCY_FLAG, LICENSE_FLAG } from './flags.ts';

interface Input {
  readonly path: string;
  readonly licenses: readonly LicenseKey[];
  readonly speed: number;
  readonly currency: Currency;
  readonly range: RecordingRange;
}

interface Report {
  /** Rows of the recording that were to be replayed. */
  readonly rows: number;
  readonly interrupted: boolean;
  readonly duration_ms: number;
  readonly licenses: readonly ReplayTally[];
}

const MAX_SPEED = 1e12;
const INTERRUPTED = 130;

export const replay: CliCommand = defineCommand<Input, Report>({
  description:
    'Replay a recording of price changes (CSV: at, sku, old_pence, new_pence; .gz too) in the order and rhythm of its times, N times faster. Rows whose product a license does not have are counted, and reported at the end.',
  examples: [
    'tillcast replay demo/online-retail/price_changes.csv.gz --license EXTRO-LIFE-ABC123 --speed 1000',
    'tillcast replay demo/online-retail/price_changes.csv.gz --license EXTRO-LIFE-ABC123 --speed max --from 2011-09-01 --until 2011-10-01',
  ],
  arguments: [{ name: 'file', description: 'The recording' }],
  flags: [
    { ...LICENSE_FLAG, description: 'The license to replay to; several go side by side', repeatable: true },
    {
      flags: '--speed <factor>',
      description: 'How many times faster than it happened, or `max`',
      fallback: '1',
    },
    { flags: '--limit <rows>', description: 'Only the first so many changes' },
    { flags: '--from <time>', description: 'Only changes at or after this time of the recording' },
    { flags: '--until <time>', description: 'Only changes before this time of the recording' },
    { ...CURRENCY_FLAG, fallback: 'GBP' },
  ],
  validate: (given, context) => {
    const limit = given.text('limit');
    return {
      path: resolve(context.cwd, given.argument(0)),
      licenses: [...new Set(given.list('license').map(parseLicenseKey))],
      speed: parseSpeed(given.text('speed') ?? '1'),
      currency: parseCurrency(given.text('currency') ?? 'GBP'),
      range: {
        fromMs: parseTime(given.text('from'), '--from'),
        untilMs: parseTime(given.text('until'), '--until'),
        limit: limit === undefined ? undefined : parseInteger(limit, '--limit', 1, 1e12),
      },
    };
  },
  run: async (input, context) => {
    const source = await openSource(input.path);
    const changes = await readPriceChanges(source.content, input.range);
    if (changes.length === 0) throw usageError('No change of the recording is in that range.');
    using interrupt = interruptSignal();
    const startedAt = performance.now();
    let done = 0;
    const line = startLiveLine(context.err, () => progressText(changes, done, performance.now() - startedAt));
    try {
      const licenses = await withClient(context, async (client) => {
        // A wrong key should be said before the first row, and once.
        for (const license of input.licenses) await client.license(license);
        return replayChanges(client, changes, {
          ...input,
          signal: interrupt.signal,
          clock: systemReplayClock,
          onProgress: (soFar) => {
            done = soFar;
          },
        });
      });
      const duration_ms = Math.round(performance.now() - startedAt);
      return { rows: changes.length, interrupted: interrupt.signal.aborted, duration_ms, licenses };
    } finally {
      line.end();
    }
  },
  print: (report, { out, err, outStyles, errStyles }) => {
    for (const tally of report.licenses) {
      const version = tally.version === null ? '' : `, now v${tally.version}`;
      out.write(
        `${outStyles.ok('replayed')}  ${tally.license_key}: ${counted(tally.sent, 'row')}, ${count(tally.changed)} changed, ${count(tally.unchanged)} unchanged, ${count(tally.unknown)} of products it does not have${version}\n`,
      );
    }
    const sent = report.licenses.reduce((sum, { sent: each }) => sum + each, 0);
    out.write(`${duration(report.duration_ms)}, ${rate(sent, report.duration_ms, 'rows')}\n`);
    if (report.interrupted)
      err.write(`${errStyles.warning('interrupted')}  before the end of the recording\n`);
  },
  exitCode: ({ interrupted }) => (interrupted ? INTERRUPTED : 0),
});

function progressText(changes: readonly RecordedChange[], done: number, elapsedMs: number): string {
  const at = changes[Math.min(done, changes.length - 1)]?.atMs ?? 0;
  const moment = new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  const fraction = done / changes.length;
  return `${bar(fraction)} ${Math.floor(fraction * 100)} %  ${count(done)} of ${counted(changes.length, 'change')}  ${rate(done, elapsedMs, 'rows')}  ${moment}`;
}

function parseSpeed(text: string): number {
  if (text === 'max') return Infinity;
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (speed > 0 && speed <= MAX_SPEED) return speed;
  throw usageError(`--speed must be a number above 0, or max, and is ${quoted(text)}.`);
}

function parseTime(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const time = recordingTime(text);
  if (time !== null) return time;
  throw usageError(
    `${flag} must be a time such as 2011-09-01 or "2011-09-01 09:30", and is ${quoted(text)}.`,
  );
}

// setTimeout takes at most 2^31 - 1 ms.
const LONGEST_SLEEP_MS = 2_000_000_000;

const systemReplayClock: ReplayClock = {
  now: () => performance.now(),
  sleep: async (durationMs, signal) => {
    if (signal.aborted) return;
    const until = performance.now() + durationMs;
    try {
      for (let left = durationMs; left > 0; left = until - performance.now()) {
        await sleep(Math.min(left, LONGEST_SLEEP_MS), undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
};
