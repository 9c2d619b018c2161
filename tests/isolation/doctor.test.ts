import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_PATHS, licenseListSchema } from '@tillcast/protocol/http/admin-api';
import { expect, onTestFinished, test } from 'vitest';
import { type CliOutcome, runTillcast } from '../../packages/cli/test/child-cli.ts';
import { type AttackedSystem, startAttackedSystem } from '../support/attacked-system.ts';
import { API_KEY } from '../support/system.ts';

async function systemWith(environment: Readonly<Record<string, string>> = {}): Promise<AttackedSystem> {
  const system = await startAttackedSystem(environment);
  onTestFinished(() => system[Symbol.asyncDispose]());
  return system;
}

/** In a folder of its own, so that nothing but the environment says where the deployment is. */
async function doctor(system: AttackedSystem, ...argv: string[]): Promise<CliOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-doctor-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { publisherUrl, administratorUrl, databaseUrl } = system.stageOptions;
  return runTillcast(['doctor', ...argv], {
    cwd: folder,
    env: {
      TILLCAST_URL: system.backend.url,
      TILLCAST_API_KEY: API_KEY,
      AMQP_URL: publisherUrl ?? '',
      RABBITMQ_ADMIN_URL: administratorUrl ?? '',
      DATABASE_URL: databaseUrl ?? '',
    },
  });
}

async function licensesOf(system: AttackedSystem): Promise<readonly { readonly status: string }[]> {
  const answer = await fetch(system.backend.url + ADMIN_PATHS.licenses, {
    headers: { authorization: `Bearer ${API_KEY}` },
  });
  return licenseListSchema.parse(await answer.json()).licenses;
}

test('[X1] [X4] the command prints attempt, expected and observed, exits with 0 where all is refused, and leaves nothing behind but two revoked licenses', async () => {
  const system = await systemWith();
  const { code, out, err } = await doctor(system, '--attack', '--yes', '--row', 'A2', '--row', 'a4');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/Attempt +Expected +Observed/);
  expect(out).toMatch(/✓ A4\.\d+ +The other license’s catalog by its X-License-Key alone +401 .*401/);
  expect(out).toMatch(/(\d+) of \1 attempts ended as they must/);
  const licenses = await licensesOf(system);
  expect(licenses.map(({ status }) => status)).toEqual(['revoked', 'revoked']);
  const { management, name } = system.virtualHost;
  const exchanges = (await management.listExchanges(name)).filter((each) =>
    each.name.startsWith('terminal.'),
  );
  expect(exchanges).toEqual([]);
});

test('[X2] where something is not refused the command exits with 1, attack_succeeded, and names what to look at', async () => {
  const system = await systemWith({ TILLCAST_AUTH: 'license-key' });
  const { code, out } = await doctor(system, '--attack', '--yes', '--row', 'A4', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ code: 'attack_succeeded' });
  const { err } = await doctor(system, '--attack', '--yes', '--row', 'A4');
  expect(err).toMatch(/was not refused.*X-License-Key alone/);
  expect(err).toContain('TILLCAST_AUTH=token');
});

test('[K3] without --yes, and without anybody to ask, nothing is done', async () => {
  const system = await systemWith();
  const refused = await doctor(system, '--attack');
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.err).toContain('--yes');
  expect(await licensesOf(system)).toEqual([]);
  expect(await doctor(system, '--attack', '--yes', '--row', 'A99')).toMatchObject({ code: 2 });
});
