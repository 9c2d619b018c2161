import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const runChildModule = fileURLToPath(new URL('../setup/run-child.mjs', import.meta.url));

/** Starts a process that runs another by runChild, as `npm start` runs the demo. */
async function startRunner(childCode: string): Promise<{
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}> {
  const script = `
    const { runChild } = await import(${JSON.stringify(runChildModule)});
    process.exitCode = await runChild(process.execPath, ['-e', ${JSON.stringify(childCode)}]);`;
  const runner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const ready = new Promise<void>((resolve) => {
    runner.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('ready')) resolve();
    });
  });
  const ended = once(runner, 'close').then(() => ({ code: runner.exitCode, output }));
  await Promise.race([ready, ended]);
  return { kill: (signal) => runner.kill(signal), ended };
}

test("a child's exit code becomes that of the process that ran it", async () => {
  const runner = await startRunner('process.exit(7)');
  expect(await runner.ended).toMatchObject({ code: 7 });
});

test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
  'without a terminal, %s is passed on, and the process waits for its child to stop cleanly',
  async (signal) => {
    const runner = await startRunner(`
      process.on('${signal}', () => setTimeout(() => { console.log('stopped cleanly'); process.exit(3); }, 200));
      setInterval(() => {}, 1000);
      console.log('ready');`);
    runner.kill(signal);
    expect(await runner.ended).toEqual({ code: 3, output: 'ready\nstopped cleanly\n' });
  },
);

test('a child that a signal ended is reported as shells do: 128 and the signal', async () => {
  const runner = await startRunner("process.kill(process.pid, 'SIGKILL')");
  expect(await runner.ended).toMatchObject({ code: 137 });
});
