import type { BrokerNode } from '@tillcast/broker';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { freePort } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { CHECKS } from '../../src/doctor/checks/index.ts';
import { examine } from '../../src/doctor/examine.ts';
import { type BrokerFacts, type Facts, known, unknown } from '../../src/doctor/facts/facts.ts';
import { invoke } from '../cli-host.ts';

const NOBODY = unknown('nobody can tell');

/** Facts of which nothing is known but what is given. */
function facts(given: Partial<Facts> = {}): Facts {
  return {
    at: new Date('2026-12-01T12:00:00Z'),
    variables: [],
    configuration: NOBODY,
    lines: NOBODY,
    broker: NOBODY,
    api: NOBODY,
    database: NOBODY,
    license: NOBODY,
    till: NOBODY,
    tillLines: NOBODY,
    clocks: [],
    certificates: [],
    disks: [],
    ...given,
  };
}

function node(name: string, health: Partial<BrokerNode['health']> = {}, running: boolean = true): BrokerNode {
  const well = {
    partitions: [],
    memoryAlarm: false,
    diskAlarm: false,
    diskFreeBytes: 10_000_000_000,
    diskFreeLimitBytes: 50_000_000,
  };
  return { name, running, plugins: [], authMechanisms: ['PLAIN'], health: { ...well, ...health } };
}

function broker(nodes: readonly BrokerNode[], version = '3.10.8'): BrokerFacts {
  const none = { host: [], policies: [], exchange: [], users: [], routing: [], node: [] };
  return {
    reached: true,
    address: 'rabbit:15672',
    overview: { rabbitmqVersion: version, erlangVersion: '25', clusterName: 'rabbit@a', node: 'rabbit@a' },
    vhost: '/',
    exchange: 'pos_license_events',
    nodes,
    nodesExpected: null,
    findings: none,
  };
}

function judged(id: string, given: Partial<Facts>) {
  const [result] = examine(facts(given), CHECKS, [id]).checks;
  if (result === undefined) throw new Error(`there is no check ${id}`);
  return result;
}

test('[K20] where nothing can be told, every check that asks somebody is skipped and says why', () => {
  const { checks, status } = examine(facts(), CHECKS, []);
  expect(status).toBe('well');
  const notSkipped = checks.filter((check) => check.status !== 'skipped').map(({ id }) => id);
  expect(notSkipped).toEqual(['variables']);
  expect(checks.every(({ observed }) => observed !== '')).toBe(true);
});

test('each check has an id of its own', () => {
  const ids = CHECKS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each([
  ['a node that is down', node('rabbit@b', {}, false), 'node rabbit@b: not running'],
  [
    'a partition',
    node('rabbit@b', { partitions: ['rabbit@a', 'rabbit@c'] }),
    'node rabbit@b: it lost sight of rabbit@a, rabbit@c',
  ],
])('[K21] %s of a cluster is named', (_, sick, observed) => {
  const told = known(broker([node('rabbit@a'), sick]));
  expect(judged('broker.cluster', { broker: told })).toMatchObject({ status: 'failure', observed });
});

test('[K21] a disk alarm is named, and a disk that is about to raise one', () => {
  const full = known(broker([node('rabbit@a', { diskAlarm: true, diskFreeBytes: 1_000 })]));
  expect(judged('broker.alarms', { broker: full })).toMatchObject({ status: 'failure' });
  const low = known(broker([node('rabbit@a', { diskFreeBytes: 60_000_000 })]));
  expect(judged('broker.alarms', { broker: low })).toMatchObject({ status: 'warning' });
});

test.each([
  ['3.9.29', 'failure'],
  ['3.10.8', 'well'],
  ['4.0.5', 'well'],
  ['5.0.0', 'warning'],
])('[K21] RabbitMQ %s is a %s', (version, status) => {
  expect(judged('broker.version', { broker: known(broker([node('a')], version)) }).status).toBe(status);
});

test('[K21] nodes of two versions are a warning', () => {
  const line = { vhost: '/', unreachable: null, refused: null, attempts: [] };
  const lines = ['3.13.0', '4.0.5'].map((version, index) => ({
    ...line,
    address: `rabbit${index}:5672`,
    node: { version, clusterName: 'rabbit@a' },
  }));
  expect(judged('broker.version', { lines: known(lines) })).toMatchObject({
    status: 'warning',
    observed: 'versions of the nodes: 3.13.0, 4.0.5',
  });
});

test('[K21] of clocks that disagree the one that stands alone is off', () => {
  const at = (of: 'API' | 'broker' | 'database', aheadMs: number) => ({ of, aheadMs, uncertainMs: 500 });
  const whatOf = (...clocks: Facts['clocks']): readonly string[] =>
    judged('clock', { clocks }).faults.map(({ what, grade }) => `${grade} ${what}`);
  expect(whatOf(at('API', 200), at('broker', -300), at('database', 0))).toEqual([]);
  expect(whatOf(at('API', 90_000), at('broker', 90_500))).toEqual(['failure clock of this machine']);
  expect(whatOf(at('API', 100), at('broker', 90_500))).toEqual(['failure clock of the broker']);
  expect(whatOf(at('API', 100), at('database', -8_000))).toEqual(['warning clock of the database']);
});

test('[K21] changes that wait for the broker are named at their license', () => {
  const license = {
    key: parseLicenseKey('EXTRO-LIFE-ABC123'),
    name: 'A shop',
    term: 'LIFE' as const,
    status: 'active' as const,
    valid_until: null,
    created_at: '2026-01-01T00:00:00.000Z',
    epoch: 'k3v9k3v9k3v9k3v9',
    version: 42,
    digest: '0'.repeat(16),
    published_version: 40,
    items: 1,
    terminals_max: 1,
    terminals_active: 1,
  };
  expect(judged('license', { license: known(license) })).toMatchObject({
    status: 'warning',
    observed: 'changes of EXTRO-LIFE-ABC123: version 42 is committed, and 40 was published',
  });
});

test('[K20] a check or group that there is not is a usage error, and so is an environment file that is not there', async () => {
  expect(await invoke(['doctor', '--only', 'brokr'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('is no check'),
  });
  expect(await invoke(['doctor', '--env-file', 'nowhere.env'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('--env-file names nowhere.env'),
  });
});

test('[K20] people read a line a check, and of each fault what to do', async () => {
  const port = await freePort();
  const env = { TILLCAST_URL: `http://127.0.0.1:${port}`, TILLCAST_PUBLIC_ULR: 'x' };
  const { code, out, err } = await invoke(['doctor'], { env });
  expect({ code, err }).toEqual({ code: 2, err: '' });
  expect(out).toMatch(/✗ API +1 fault\n {2}http:\/\/127\.0\.0\.1:\d+\/health\n {4}observed .*ECONNREFUSED/);
  expect(out).toContain('to mend   export TILLCAST_PUBLIC_URL="$TILLCAST_PUBLIC_ULR"');
  expect(out).toMatch(/- skipped: .*Schema.* \(DATABASE_URL is not set here\)/);
  expect(out).toMatch(/✗ \d+ checks: 0 well, 0 warnings, 2 failures, \d+ skipped\n$/);
});
