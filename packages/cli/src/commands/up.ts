import { resolve } from 'node:path';
import { locateBackend } from '../api/locate.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import type { CliContext } from '../context.ts';
import { banner } from '../up/banner.ts';
import { DEFAULT_PORT, DEFAULT_TILL_PORTS, type DemoPlan, planDemo } from '../up/demo-plan.ts';
import { DemoStack, type RunningDemo } from '../up/demo-stack.ts';
import { requireFreePorts } from '../up/free-ports.ts';
import { lockInstance } from '../up/instance-lock.ts';
import { removeRunning, writeRunning } from '../up/running-file.ts';
import { stopSignal } from '../up/stop-signal.ts';

export const up: CliCommand = defineCommand<DemoPlan, undefined>({
  description:
    'Run the whole demo until Ctrl-C: RabbitMQ (of AMQP_URL, else a private node), a backend with an embedded database, and two tills of two merchants with their catalogs. `npm start` runs this. What it made is there again at the next start.',
  examples: [
    'npm start',
    'npm start -- --fresh',
    'tillcast up --port 9080 --till-ports 9101,9102 --data-dir /var/tmp/demo',
  ],
  flags: [
    { flags: '--port <number>', description: 'Where the backend listens', fallback: String(DEFAULT_PORT) },
    {
      flags: '--till-ports <a,b>',
      description: 'Where the two tills’ pages are',
      fallback: DEFAULT_TILL_PORTS.join(','),
    },
    {
      flags: '--data-dir <path>',
      description: 'Where everything is kept',
      fallback: 'TILLCAST_DATA_DIR, else .tillcast',
    },
    { flags: '--fresh', description: 'Remove what earlier demos left there, and begin anew' },
  ],
  local: true,
  validate: (given, context) =>
    planDemo({
      dataDir: resolve(
        context.cwd,
        given.text('dataDir') ?? (context.env['TILLCAST_DATA_DIR'] || '.tillcast'),
      ),
      port: given.text('port'),
      tillPorts: given.list('tillPorts'),
      fresh: given.isOn('fresh'),
    }),
  run: async (plan, context) => {
    const lock = await lockInstance(plan.dataDir);
    try {
      await requireFreePorts([
        { port: plan.port, what: 'the backend', flag: '--port' },
        ...plan.tills.map(({ port, merchant }) => ({
          port,
          what: `the till of ${merchant}`,
          flag: '--till-ports',
        })),
      ]);
      await runUntilStopped(plan, context);
    } finally {
      lock.release();
    }
    return undefined;
  },
  print: () => undefined,
});

async function runUntilStopped(plan: DemoPlan, context: CliContext): Promise<void> {
  using stop = stopSignal();
  const stack = new DemoStack(plan, context);
  const announced = {
    pid: process.pid,
    backend: `http://localhost:${plan.port}`,
    terminals: plan.tills.map(({ port, license }) => ({
      url: `http://localhost:${port}`,
      license_key: license,
    })),
  };
  await writeRunning(plan.dataDir, { ...announced, broker: null, activated: false });
  const starting = stack.start();
  try {
    const running = await Promise.race([starting, stop.asked, stack.broken]);
    if (running !== undefined) {
      const { terminal } = running.broker;
      await writeRunning(plan.dataDir, { ...announced, broker: terminal, activated: terminal === null });
      await announce(running, plan, context);
      await Promise.race([stop.asked, stack.broken]);
    }
  } finally {
    await stack.stop();
    // A start that was cut short ends now; how, is of no interest any more.
    await Promise.allSettled([starting]);
    await removeRunning(plan.dataDir);
  }
}

async function announce(running: RunningDemo, plan: DemoPlan, context: CliContext): Promise<void> {
  const env = { ...context.env, TILLCAST_DATA_DIR: plan.dataDir };
  const { apiKey } = await locateBackend({ ...context, env, url: running.backendUrl });
  if (!context.json) {
    context.out.write(banner(running, plan, apiKey, context));
    return;
  }
  const terminals = running.tills.map(({ till, url }) => ({
    url,
    license_key: till.license,
    merchant: till.merchant,
  }));
  const { managementUrl } = running.broker;
  const value = {
    backend: running.backendUrl,
    terminals,
    management: managementUrl,
    api_key: apiKey,
    data_dir: plan.dataDir,
  };
  context.out.write(`${JSON.stringify(value)}\n`);
}
