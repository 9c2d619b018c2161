import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runTillcast } from '../../packages/cli/test/child-cli.ts';
import { type Clinic, doctor, faultsIn, LICENSE, openClinic } from './clinic.ts';
import { BROKER_FAULTS, STRAY_NODE, strayNode } from './faults/broker.ts';
import { FULL_DISK, MACHINE_FAULTS } from './faults/machine.ts';
import { SERVER_FAULTS } from './faults/server.ts';
import { TILL_FAULTS } from './faults/till.ts';
import { environmentAt, type PlantedFault } from './planted.ts';

/*
 * One deployment: a RabbitMQ and a PostgreSQL of its own, a backend, a till. Fault after fault is brought about for
 * real, doctor is asked from where it would be, and the deployment is mended and found to be well again.
 */

const SKEWED_CLOCK = new URL('../failure/support/skewed-clock.ts', import.meta.url);

let clinic: Clinic;
beforeAll(async () => {
  clinic = await openClinic();
});
afterAll(() => clinic[Symbol.asyncDispose]());

async function findsWellFromEverywhere(): Promise<void> {
  for (const env of [clinic.operatorEnv, clinic.backendEnv, clinic.tillEnv]) {
    const known = ['--license', LICENSE, '--known-user', clinic.node.credentials.username];
    const diagnosis = await doctor(env, ...known);
    expect(faultsIn(diagnosis)).toEqual([]);
    expect(diagnosis).toMatchObject({ code: 0, status: 'well' });
  }
}

async function isFound(fault: PlantedFault): Promise<void> {
  const { env = {}, argv = [], heal } = await fault.plant(clinic);
  try {
    const known = ['--known-user', clinic.node.credentials.username];
    const diagnosis = await doctor({ ...environmentAt(fault.at, clinic), ...env }, ...known, ...argv);
    const { grade = 'failure', check } = fault;
    const named = faultsIn(diagnosis).filter((line) => line.startsWith(`${check} ${grade} `));
    expect(named.join('\n'), faultsIn(diagnosis).join('\n')).toMatch(fault.says);
    expect(diagnosis.code).toBeGreaterThanOrEqual(grade === 'failure' ? 2 : 1);
  } finally {
    await heal?.();
  }
}

test('[K20] a deployment that is well is found to be well from everywhere, with exit code 0', async () => {
  await findsWellFromEverywhere();
  const fromTill = await doctor(clinic.tillEnv);
  const skipped = fromTill.checks.filter(({ status }) => status === 'skipped');
  expect(skipped.map(({ id }) => id)).toContain('database.schema');
  expect(skipped.every(({ observed }) => observed !== '')).toBe(true);
});

describe('planted', () => {
  test.each(BROKER_FAULTS)('[K21] at the broker: $name', isFound);
  test.each(SERVER_FAULTS)('[K21] at the server: $name', isFound);
  test.each(TILL_FAULTS)('[K21] at the till: $name', isFound);
  test.each(MACHINE_FAULTS)('[K21] on the machine: $name', isFound);

  test.runIf(process.getuid?.() === 0)('[K21] on the machine: a full disk', () => isFound(FULL_DISK));

  test('[K21] a node that never joined: its cluster, its plugins, its alarm, and that nobody provisioned it', async () => {
    const { env = {}, heal } = await strayNode(clinic);
    try {
      const diagnosis = await doctor({ ...clinic.operatorEnv, TILLCAST_PLAINTEXT: 'allowed', ...env });
      for (const { name, check, says } of STRAY_NODE) {
        const named = faultsIn(diagnosis).filter((line) => line.startsWith(`${check} failure `));
        expect(named.join('\n'), name).toMatch(says);
      }
      expect(diagnosis.code).toBe(2);
    } finally {
      await heal?.();
    }
  });

  test('[K21] a clock that is off, as the one that stands alone', async () => {
    const ran = await runTillcast(['doctor', '--json', '--only', 'clock'], {
      cwd: '/',
      env: {
        ...clinic.backendEnv,
        TILLCAST_CA_FILE: clinic.caFile,
        NODE_OPTIONS: `--import=${SKEWED_CLOCK.href}`,
        TILLCAST_TEST_CLOCK_OFFSET_MS: '-600000',
      },
    });
    expect(ran.code).toBe(2);
    expect(ran.out).toMatch(/"what":"clock of this machine","observed":"\d+ s behind the API/);
  });

  test('[K20] all was mended: the same deployment is found to be well again', findsWellFromEverywhere);
});

test('[K21] a terminal that is revoked, and a database that is down, told by the readiness of its backend too', async () => {
  const identity = (await doctor(clinic.tillEnv, '--only', 'till.token')).checks[0];
  expect(identity).toMatchObject({ status: 'well' });
  await revokeTill();
  expect(faultsIn(await doctor(clinic.tillEnv)).join('\n')).toMatch(/till\.token failure .*terminal_revoked/);

  await clinic.database.stop();
  const diagnosis = await doctor(clinic.operatorEnv);
  const said = faultsIn(diagnosis).join('\n');
  expect(said).toMatch(/database\.reached failure PostgreSQL at 127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  expect(said).toMatch(/api failure .*\/ready \/database/);
  expect(diagnosis.code).toBe(2);
});

async function revokeTill(): Promise<void> {
  const { readIdentity } = await import('@tillcast/terminal');
  const { ADMIN_PATHS } = await import('@tillcast/protocol/http/admin-api');
  const id = readIdentity(clinic.tillDir)?.terminal_id ?? '';
  await clinic.admin('POST', ADMIN_PATHS.revokeTerminal(id));
}
