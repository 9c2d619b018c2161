import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { AdminClient } from '../api/admin-client.ts';
import { locateBackend } from '../api/locate.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import type { CliContext } from '../context.ts';
import { openSource } from '../import/source-file.ts';
import { parseInteger, parsePercent, parseRate } from '../input/parse.ts';
import { interruptSignal } from '../interrupt.ts';
import { startLiveLine } from '../output/live-line.ts';
import { simulationLines, simulationProgress } from '../output/simulation-lines.ts';
import { compareDays, Ledger } from '../simulate/ledger.ts';
import { readRecordedSales } from '../simulate/recorded-sales.ts';
import { reportOf, type SimulationReport, standsUp } from '../simulate/report.ts';

interface Input {
  readonly tills: number;
  readonly processes: number;
  readonly salesPerSecond: number;
  readonly offlineShare: number;
  readonly seconds: number;
  readonly seed: number;
  readonly license: LicenseKey | null;
  readonly named: boolean;
  /** Null: a temporary one, removed where all is well. */
  readonly folder: string | null;
}

const INTERRUPTED = 130;

export const simulate: CliCommand = defineCommand<Input, SimulationReport>({
  description:
    'Run many tills in a few processes against a backend and a broker that are yours, have them sell what a real shop sold, cut some of them off meanwhile, and hold what they sold against what the server has. They are the real tills in all but their page. By default they get a license of their own with that shop’s catalog, which is revoked in the end. The first Ctrl-C ends the selling, hands in what waits and compares; the second ends everything. Many tills at one address need a backend without rate limits (TILLCAST_RATE_LIMITS=off): with them, 60 are activated at once, and then one every 10 s.',
  examples: [
    'tillcast simulate --terminals 20',
    'tillcast simulate --terminals 500 --sales 2/s --offline 10%',
    'tillcast simulate --terminals 50 --sales 20/s --seconds 600 --license EXTRO-LIFE-ABC123 --json',
  ],
  flags: [
    { flags: '--terminals <n>', description: 'How many tills', fallback: '20' },
    {
      flags: '--sales <rate>',
      description: 'How many customers come to all of them together, evenly, such as 2/s or 90/min',
      fallback: '2/s',
    },
    {
      flags: '--offline <percent>',
      description:
        'How many of them are cut off from the server at any moment; they sell on, and hand in later',
      fallback: '0%',
    },
    { flags: '--seconds <n>', description: 'How long customers come', fallback: '60' },
    {
      flags: '--license <key>',
      description: 'A license of yours that nobody else sells for meanwhile, instead of one of their own',
    },
    {
      flags: '--processes <n>',
      description: 'In how many processes they run',
      fallback: 'one for 250 tills',
    },
    { flags: '--folder <path>', description: 'Where their files go, and stay', fallback: 'a temporary one' },
    {
      flags: '--seed <n>',
      description: 'Who serves whom, and who is cut off when, follow from it',
      fallback: '1',
    },
    {
      flags: '--named',
      description:
        'They name their license instead of being activated, where the backend allows that (TILLCAST_AUTH=license-key); AMQP_URL is their broker, with a login',
    },
  ],
  validate: (given, context) => {
    const tills = parseInteger(given.text('terminals') ?? '20', '--terminals', 1, 100_000);
    const processes = given.text('processes');
    const license = given.text('license');
    const folder = given.text('folder');
    return {
      tills,
      processes:
        processes === undefined ? usualProcesses(tills) : parseInteger(processes, '--processes', 1, 256),
      salesPerSecond: parseRate(given.text('sales') ?? '2/s', '--sales'),
      offlineShare: parsePercent(given.text('offline') ?? '0%', '--offline'),
      seconds: parseInteger(given.text('seconds') ?? '60', '--seconds', 1, 1_000_000),
      seed: parseInteger(given.text('seed') ?? '1', '--seed', 0, 2 ** 32 - 1),
      license: license === undefined ? null : parseLicenseKey(license),
      named: given.isOn('named'),
      folder: folder === undefined ? null : resolve(context.cwd, folder),
    };
  },
  run: (input, context) => simulateSales(input, context),
  print: (report, context) => {
    context.out.write(simulationLines(report, context));
  },
  exitCode: (report) => {
    if (!standsUp(report)) return 1;
    return report.interrupted ? INTERRUPTED : 0;
  },
});

function usualProcesses(tills: number): number {
  return Math.min(Math.ceil(tills / 250), Math.max(1, availableParallelism()), tills);
}

async function simulateSales(input: Input, context: CliContext): Promise<SimulationReport> {
  const { RECORDING, setStage } = await import('../simulate/stage.ts');
  const { Simulation } = await import('../simulate/run-simulation.ts');
  const recording = await readRecordedSales((await openSource(RECORDING)).content);
  const backend = await locateBackend(context);
  using client = new AdminClient(backend);
  using interrupt = interruptSignal();
  const stage = await setStage(client, input, context);
  const folder = input.folder ?? (await mkdtemp(join(tmpdir(), 'tillcast-simulate-')));
  const simulation = new Simulation(
    {
      ...input,
      ...{ recording, folder, signal: interrupt.signal },
      backendUrl: backend.url,
      caPem: backend.caPem,
    },
    stage,
  );
  const soldBefore = Ledger.ofServer(await client.salesDays(stage.license));
  const line = startLiveLine(context.err, (frame) => simulationProgress(frame, simulation, input));
  let report: SimulationReport;
  try {
    await simulation.run();
    const live = simulation.tally.live;
    const soldAfter = Ledger.ofServer(await client.salesDays(stage.license));
    const days = compareDays(simulation.tally.ledger, soldBefore, soldAfter);
    report = reportOf(simulation.tally, {
      ...{ days, live, license: stage.license, tills: input.tills, seed: input.seed },
      folder: input.folder,
      interrupted: interrupt.signal.aborted,
    });
  } finally {
    line.end();
    await simulation.stop();
    await stage.end(simulation.terminalIds);
  }
  if (input.folder !== null) return report;
  if (!standsUp(report)) return { ...report, folder };
  await rm(folder, { recursive: true, force: true });
  return report;
}
