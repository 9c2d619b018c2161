import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Stage } from '../../packages/cli/src/attack/stage.ts';
import { startAttackedSystem } from '../support/attacked-system.ts';

/*
 * The attacks on the broker by a client that shares no line with ours: Debian's python3-pika. That ours are
 * refused could be because of how they are written.
 */

/** Debian's own, which finds Debian's packages; another one in PATH may not. */
const PYTHON = '/usr/bin/python3';
const script = fileURLToPath(new URL('pika/attacks.py', import.meta.url));

const attemptSchema = z.object({
  attempt: z.string(),
  must: z.enum(['refused', 'allowed', 'any']),
  refused: z.boolean(),
  observed: z.string(),
});

async function runPika(stage: Stage): Promise<readonly z.infer<typeof attemptSchema>[]> {
  const url = new URL(stage.broker.url);
  const child = spawn(PYTHON, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(
    JSON.stringify({
      host: url.hostname,
      port: Number(url.port),
      vhost: decodeURIComponent(url.pathname.slice(1)),
      token: await stage.own.token(),
      own: { key: stage.own.licenseKey, id: stage.own.terminalId },
      other: {
        key: stage.other.licenseKey,
        id: stage.other.terminalId,
        queue: stage.otherListener.queue,
      },
    }),
  );
  const [said, complained, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  expect({ code, complained }).toMatchObject({ code: 0 });
  return said
    .trim()
    .split('\n')
    .map((line) => attemptSchema.parse(JSON.parse(line)));
}

test('[X3] [P1] a client that is not ours is refused alike, and the other license hears nothing', {
  timeout: 300_000,
}, async () => {
  const system = await startAttackedSystem();
  onTestFinished(() => system[Symbol.asyncDispose]());
  const stage = await system.setStage();
  onTestFinished(() => stage[Symbol.asyncDispose]());
  const attempts = await runPika(stage);
  expect(attempts.length).toBeGreaterThan(50);
  const wrong = attempts.filter(({ must, refused }) => must !== 'any' && refused !== (must === 'refused'));
  expect(wrong).toEqual([]);
  // A refusal is the broker's word, not a client that could not connect.
  const unclear = attempts.filter(
    ({ refused, observed }) => refused && !/40[356]|50[34]|530|Auth/.test(observed),
  );
  expect(unclear).toEqual([]);

  const own = await stage.operator.changePrice(stage.own.licenseKey);
  const other = await stage.operator.changePrice(stage.other.licenseKey);
  await stage.ownListener.hear(own.version);
  await stage.otherListener.hear(other.version);
  for (const [listener, { licenseKey }] of [
    [stage.ownListener, stage.own],
    [stage.otherListener, stage.other],
  ] as const) {
    const foreign = listener.heard.filter(
      ({ routingKey }) => !routingKey.startsWith(`license.${licenseKey}.`),
    );
    expect(foreign).toEqual([]);
    expect(listener.heard.filter((heard) => heard.text.includes('forged'))).toEqual([]);
  }
});
