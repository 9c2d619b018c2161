import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { scopesOf } from '@tillcast/protocol/identity/scopes';
import { SIGNATURE_HEADER } from '@tillcast/protocol/messages/signature';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { AttackRow } from '../../packages/cli/src/attack/attack.ts';
import { ATTACKS } from '../../packages/cli/src/attack/rows/index.ts';
import { type AttackResult, runAttacks } from '../../packages/cli/src/attack/run-attacks.ts';
import type { Stage } from '../../packages/cli/src/attack/stage.ts';
import type * as incoming from '../../packages/terminal/src/replica/incoming.ts';
import { type AttackedSystem, startAttackedSystem } from '../support/attacked-system.ts';

/** Whether tills believe whatever the broker brings. */
const till = vi.hoisted(() => ({ believesAll: false }));

vi.mock('../../packages/terminal/src/replica/incoming.ts', async (importOriginal) => {
  const real = await importOriginal<typeof incoming>();
  const anyKey = generateKeyPairSync('ed25519').publicKey;
  const anySignature = `${'A'.repeat(43)}.${Buffer.alloc(64).toString('base64url')}`;
  const readDelivery: typeof incoming.readDelivery = (delivery, licenseKey, keys, receivedAtMs) =>
    till.believesAll
      ? real.readDelivery(
          { ...delivery, headers: { ...delivery.headers, [SIGNATURE_HEADER]: anySignature } },
          licenseKey,
          { find: () => anyKey },
          receivedAtMs,
          () => true,
        )
      : real.readDelivery(delivery, licenseKey, keys, receivedAtMs);
  return { ...real, readDelivery };
});

/*
 * The suite must be able to fail: each protection taken away in turn is found, and named.
 */

async function systemWith(environment: Readonly<Record<string, string>> = {}): Promise<AttackedSystem> {
  const system = await startAttackedSystem(environment);
  onTestFinished(() => system[Symbol.asyncDispose]());
  return system;
}

async function stageOn(system: AttackedSystem): Promise<Stage> {
  const stage = await system.setStage();
  onTestFinished(() => stage[Symbol.asyncDispose]());
  return stage;
}

/** The stage on which the attacker's token has these scopes besides those of a terminal. */
function withScopes(system: AttackedSystem, stage: Stage, scopes: readonly string[]): Stage {
  const { licenseKey, terminalId } = stage.own;
  const token = system.virtualHost.mintBrokerToken({
    licenseKey,
    terminalId,
    scopes: [...scopesOf(licenseKey, terminalId), ...scopes],
  });
  return { ...stage, own: { ...stage.own, licenseKey, terminalId, token: () => Promise.resolve(token) } };
}

/** What was not refused of a row's attempts whose text fits. */
async function found(stage: Stage, row: AttackRow, fits: RegExp): Promise<readonly AttackResult[]> {
  const attacks = ATTACKS.filter((attack) => attack.row === row && fits.test(attack.attempt));
  expect(attacks.length).toBeGreaterThan(0);
  const { results } = await runAttacks(attacks, stage);
  return results.filter(({ verdict }) => verdict === 'succeeded' || verdict === 'leaked');
}

test('[X2] a token whose scope ends without its dot, or reads every license, is found by what it lets through', async () => {
  const system = await systemWith();
  const stage = await stageOn(system);
  const prefixed = withScopes(system, stage, [`read:*/pos_license_events/license.${stage.own.licenseKey}*`]);
  const byPrefix = await found(prefixed, 'A1', /bound to the events by license\.<OTHER KEY>\.#/);
  expect(byPrefix).toHaveLength(1);
  expect(byPrefix[0]?.observed).toMatch(/^allowed, and license\..*price_update was delivered to it/);
  expect(byPrefix[0]?.line).toContain('read:*/pos_license_events/license.<KEY>.*');

  const all = withScopes(system, stage, ['read:*/pos_license_events/*']);
  const byAll = await found(all, 'A1', /bound to the events by/);
  expect(byAll.length).toBeGreaterThan(10);
  for (const { line } of byAll) expect(line).toContain('read:*/pos_license_events/license.<KEY>.*');
});

test('[X2] a token that may write to the exchange is found: what it publishes reaches the other license', async () => {
  const system = await systemWith();
  const stage = await stageOn(system);
  const writing = withScopes(system, stage, ['write:*/pos_license_events', 'write:*/pos_license_events/*']);
  const results = await found(writing, 'A1', /price of the other license is published to pos_license_events/);
  expect(results).toHaveLength(1);
  expect(results[0]?.observed).toContain("the other license's listener heard");
  expect(results[0]?.line).toContain('no scope write: on pos_license_events');
});

test('[X2] a token that may write to all queues is found by the default exchange', async () => {
  const system = await systemWith();
  const stage = await stageOn(system);
  const writing = withScopes(system, stage, ['write:*/*', 'write:*/*/*']);
  const results = await found(writing, 'A1', /other license’s queue by the default exchange/);
  expect(results[0]?.observed).toContain("the other license's listener heard");
});

test('[X2] a publisher without its topic permission, and a broker without its policy, are found and named', async () => {
  const system = await systemWith();
  const stage = await stageOn(system);
  const { management, name: vhost } = system.virtualHost;
  await management.clearTopicPermissions(vhost, `${vhost}-publisher`);
  await management.deletePolicy(vhost, 'tillcast-terminals');
  // What a connection may publish is kept for it for a while; ours is new.
  const published = await found(stage, 'A1', /publisher’s password, license/);
  expect(published.length).toBeGreaterThan(3);
  for (const { line } of published) expect(line).toContain('topic permission on pos_license_events');
  const audited = await found(stage, 'A1', /compared with what it should be/);
  expect(audited[0]?.observed).toContain('topic permission');
  expect(audited[0]?.observed).toContain('policy tillcast-terminals');
});

test('[X2] a backend that takes license keys alone is found', async () => {
  const stage = await stageOn(await systemWith({ TILLCAST_AUTH: 'license-key' }));
  const results = await found(stage, 'A4', /X-License-Key alone/);
  expect(results[0]?.observed).toContain('the other license’s catalog');
  expect(results[0]?.line).toContain('TILLCAST_AUTH=token');
});

test('[X2] a backend without limits is found', async () => {
  const stage = await stageOn(await systemWith({ TILLCAST_RATE_LIMITS: 'off' }));
  const results = await found(stage, 'A10', /requests of one till/);
  expect(results[0]).toMatchObject({ observed: 'no request was limited' });
  expect(results[0]?.line).toContain('TILLCAST_RATE_LIMITS');
});

test('[X2] a backend that cannot tell the broker of its terminals is found: nothing bounds what a till opens there', {
  timeout: 180_000,
}, async () => {
  const stage = await stageOn(await systemWith({ RABBITMQ_MANAGEMENT_URL: '' }));
  const results = await found(stage, 'A10', /connections of one till|queues of one till/);
  expect(results.map(({ observed }) => observed)).toEqual([
    '20 connections were opened',
    'still connected, with 45 queues and 5 exchanges',
  ]);
  for (const { line } of results) expect(line).toContain('RABBITMQ_MANAGEMENT_URL');
});

test('[X2] a table whose row-level security is off, or whose policy is wide, is found and named', async () => {
  const system = await systemWith();
  const stage = await stageOn(system);
  await using stack = new AsyncDisposableStack();
  const owner = new Client({ connectionString: system.database.url });
  await owner.connect();
  stack.defer(() => owner.end());
  await owner.query('ALTER TABLE items DISABLE ROW LEVEL SECURITY');
  await owner.query('DROP POLICY own_license ON terminals');
  await owner.query('CREATE POLICY own_license ON terminals TO tillcast_app USING (true) WITH CHECK (true)');
  const results = await found(stage, 'A4', /^SELECT from (items|terminals|changes) /);
  const lines = new Set(results.map(({ line }) => line));
  expect(lines).toEqual(
    new Set([
      'the row-level security policy own_license on items (forced)',
      'the row-level security policy own_license on terminals (forced)',
    ]),
  );
});

test('[X2] [E7] a till that believes messages without checking their signature is found by what the broker’s operator forges', {
  timeout: 180_000,
}, async () => {
  const stage = await stageOn(await systemWith());
  till.believesAll = true;
  onTestFinished(() => {
    till.believesAll = false;
  });
  const results = await found(stage, 'A13', /its own next change|a broadcast/);
  // What was shown once may stay in the activity log; what is tried after it is then found all the same.
  expect(results.map(({ attempt, observed }) => [attempt.replace(/^.*queue: /, ''), observed])).toEqual([
    ['its own next change, not signed', 'the forged price is shown'],
    ['its own next change, with the signature of the last', 'the forged price is shown'],
    ['its own next change, signed by a key that nobody knows', 'the forged price is shown'],
    ['its own next change, with a signature of zeros by the real key', 'the forged price is shown'],
    ['a broadcast that the backend never made', 'something of it is shown'],
  ]);
  for (const { line } of results) expect(line).toContain('check of the signature');
});

test('[X2] [X5] an audit log that takes no refused requests is found, and the codes are named', {
  timeout: 120_000,
}, async () => {
  const system = await systemWith();
  const stage = { ...(await stageOn(system)), auditWithinMs: 15_000 };
  await using stack = new AsyncDisposableStack();
  const owner = new Client({ connectionString: system.database.url });
  await owner.connect();
  stack.defer(() => owner.end());
  expect(await found(stage, 'LOG', /./)).toEqual([]);
  await owner.query(
    `CREATE FUNCTION no_entry() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE no_data_found; END'`,
  );
  await owner.query(
    `CREATE TRIGGER no_entry BEFORE INSERT ON audit_log FOR EACH ROW WHEN (NEW.act = 'request.refused')
    EXECUTE FUNCTION no_entry()`,
  );
  const other = { ...(await stageOn(system)), auditWithinMs: 15_000 };
  const results = await found(other, 'LOG', /./);
  expect(results.map(({ observed }) => observed)).toEqual([
    'the audit log lacks request.refused api_key_invalid, request.refused media_type_unsupported',
  ]);
  expect(results[0]?.line).toContain('RefusedRequests');
});

test('[X2] a listener that hears nothing more is no silence: the attempt counts as not refused', async () => {
  const stage = await stageOn(await systemWith());
  await stage.otherListener[Symbol.asyncDispose]();
  await sleep(50);
  const results = await found(stage, 'A4', /X-License-Key alone/);
  expect(results[0]?.verdict).toBe('leaked');
  expect(results[0]?.observed).toContain('listener');
});
