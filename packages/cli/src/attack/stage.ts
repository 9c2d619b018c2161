import type { KeyObject } from 'node:crypto';
import type { ManagementClient } from '@tillcast/broker';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { BrokerTarget } from './amqp-probe.ts';
import type { AttackedTill } from './attacked-till.ts';
import type { HttpProbe } from './http-probe.ts';
import type { Listener } from './listener.ts';
import type { SqlProbe } from './sql-probe.ts';

/** A till that attacks, or is attacked. */
export interface AttackTill {
  readonly licenseKey: LicenseKey;
  readonly terminalId: string;
  /** What it signs its assertions with. */
  readonly privateKey: KeyObject;
  /** What its assertions are for. */
  readonly issuer: string;
  /** An access token that is good for at least half of its life. */
  token(): Promise<string>;
}

/** What the operator does meanwhile. */
export interface Operator {
  /** The admin API’s key. */
  readonly apiKey: string;
  /** Changes a price of a license, once it is back out of the limits of requests. */
  changePrice(licenseKey: LicenseKey): Promise<{ readonly version: number }>;
  /** A code that is good for activating a further till of the license. */
  activationCode(licenseKey: LicenseKey): string;
  /** What the audit log says was refused since the attacks began: `request.refused token_invalid`. */
  auditedRefusals(): Promise<ReadonlySet<string>>;
}

/** The broker’s own operator. */
export interface Administrator {
  readonly management: ManagementClient;
  /** The management API’s address. */
  readonly url: string;
  readonly caPem: string | null;
  readonly vhost: string;
  /** Where the broker listens and what it runs. */
  listenersAndPlugins(): Promise<{
    readonly listeners: readonly { readonly protocol: string; readonly port: number }[];
    readonly plugins: readonly string[];
  }>;
  /** Puts a message where it likes: through an exchange (`''` is the default one). */
  publish(message: {
    readonly exchange: string;
    readonly routingKey: string;
    readonly body: Buffer;
    readonly properties: Readonly<Record<string, unknown>>;
  }): Promise<void>;
}

/** Everything that attacks are made with. `own` is the attacker’s; nothing of `other` may ever reach it. */
export interface Stage {
  readonly own: AttackTill;
  readonly other: AttackTill;
  readonly broker: BrokerTarget;
  readonly api: HttpProbe;
  readonly operator: Operator;
  /** Real terminals’ queues of both licenses. */
  readonly ownListener: Listener;
  readonly otherListener: Listener;
  /** A word in the other license’s catalog that stands nowhere else. */
  readonly otherSecret: string;
  /** Whom the backend publishes as, where that was given. */
  readonly publisher: { readonly username: string; readonly password: string } | null;
  /** The user by which the backend closes connections; null: as it is usually called. */
  readonly guardian: string | null;
  /** Findings of the audit that are about others who share the broker; null where nobody does. */
  readonly othersFindings: RegExp | null;
  readonly administrator: Administrator | null;
  readonly sql: SqlProbe | null;
  /** How long a refusal may take to stand in the audit log. */
  readonly auditWithinMs: number;
  /** A till as it is sold, of the attacker's license, started when first asked for; null where none can run. */
  readonly till: (() => Promise<AttackedTill>) | null;
}
