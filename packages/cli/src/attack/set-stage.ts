import { randomBytes } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { administratorAt } from './administrator.ts';
import type { BrokerTarget } from './amqp-probe.ts';
import { AttackedTill } from './attacked-till.ts';
import { HttpProbe } from './http-probe.ts';
import { Listener } from './listener.ts';
import { ThrowAwayLicenses } from './operator.ts';
import { SqlProbe } from './sql-probe.ts';
import type { Administrator, Stage } from './stage.ts';
import { ThrowAwayTill } from './throw-away-till.ts';

/** Refusals of one address and code are gathered; for longer where it went on for some minutes just before. */
const AUDIT_WITHIN_MS = 180_000;

/** What the operator gives to the attacks. */
export interface StageOptions {
  readonly url: string;
  readonly apiKey: string;
  /** Authorities for https and amqps; null: the system's. */
  readonly caPem: string | null;
  readonly amqpCaPem: string | null;
  /** The broker as the publisher reaches it, with its user and password; null where not given. */
  readonly publisherUrl: string | null;
  /** The user by which the backend closes connections; null: as provisioning calls it. */
  readonly guardian: string | null;
  /** Findings of the audit that are about others who share the broker; null where nobody does. */
  readonly othersFindings: RegExp | null;
  /** The management API with an administrator's user and password. */
  readonly administratorUrl: string | null;
  readonly databaseUrl: string | null;
  /** The environment of a till to run: where it keeps what is its own, and whom it trusts. */
  readonly tillEnvironment: Readonly<Record<string, string>>;
}

/** A stage that clears itself away: the throw-away licenses are revoked. */
export interface OwnedStage extends Stage, AsyncDisposable {}

/**
 * Creates two throw-away licenses with a till each, activated as every till is. The attacker's key begins the
 * other's: nothing that fits by its beginning alone may pass.
 */
export async function setStage(options: StageOptions): Promise<OwnedStage> {
  await using stack = new AsyncDisposableStack();
  const api = new HttpProbe(options.url, options.caPem);
  const licenses = new ThrowAwayLicenses(api, options.apiKey);
  stack.defer(() => licenses.end());
  const word = randomBytes(5).toString('hex').toUpperCase();
  const ownKey = parseLicenseKey(`ATTACK-LIFE-${word}`);
  const otherKey = parseLicenseKey(`ATTACK-LIFE-${word}0`);
  const otherSecret = `secret-${randomBytes(12).toString('hex')}`;
  await licenses.create(ownKey, 'the attacker’s own');
  await licenses.create(otherKey, otherSecret);
  const own = await ThrowAwayTill.activate(api, ownKey, licenses.activationCode(ownKey));
  const other = await ThrowAwayTill.activate(api, otherKey, licenses.activationCode(otherKey));
  const broker = brokerOf(own.brokerUrls, options.amqpCaPem);
  const vhost = decodeURIComponent(new URL(broker.url).pathname.slice(1)) || '/';
  const { administratorUrl, databaseUrl, publisherUrl } = options;
  const administrator =
    administratorUrl === null ? null : administratorAt(administratorUrl, vhost, options.amqpCaPem);
  let running: Promise<AttackedTill> | null = null;
  const startTill = (by: Administrator): Promise<AttackedTill> =>
    (running ??= AttackedTill.start(
      options.tillEnvironment,
      { licenseKey: ownKey, activationCode: licenses.activationCode(ownKey), backendUrl: api.url },
      by,
    ));
  stack.defer(async () => {
    if (running !== null) await (await running)[Symbol.asyncDispose]();
  });
  const stage: Stage = {
    own,
    other,
    broker,
    api,
    operator: licenses,
    ownListener: stack.use(await Listener.attach(broker, own)),
    otherListener: stack.use(await Listener.attach(broker, other)),
    otherSecret,
    publisher: publisherUrl === null ? null : loginOf(publisherUrl),
    guardian: options.guardian,
    othersFindings: options.othersFindings,
    administrator,
    sql: databaseUrl === null ? null : stack.use(await SqlProbe.connect(databaseUrl)),
    auditWithinMs: AUDIT_WITHIN_MS,
    till: administrator === null ? null : () => startTill(administrator),
  };
  const kept = stack.move();
  return { ...stage, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function brokerOf(urls: readonly string[], caPem: string | null): BrokerTarget {
  const [url] = urls;
  if (url === undefined) {
    throw new TillcastError('answer_invalid', 'The backend tells its tills no address of a broker.');
  }
  return { url, tls: caPem === null ? {} : { ca: caPem } };
}

function loginOf(url: string): { readonly username: string; readonly password: string } {
  const { username, password } = new URL(url);
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}
