import type { DatabaseInspection } from '@tillcast/backend';
import type {
  AuditArea,
  BrokerNode,
  BrokerOverview,
  BrokerProbe,
  Finding,
  StrangeVariable,
} from '@tillcast/broker';
import type { ErrorDetail } from '@tillcast/protocol/errors';
import type { License } from '@tillcast/protocol/http/admin-api';
import type { TillFile, TillIdentity } from '@tillcast/terminal';

/** A fact, or why nobody could tell: then the check is skipped with that. */
export type Known<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly why: string };

export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

export function unknown(why: string): { readonly known: false; readonly why: string } {
  return { known: false, why };
}

/** What was seen, by nobody judged yet. Nothing in it is secret: addresses are without logins. */
export interface Facts {
  /** This machine's clock. */
  readonly at: Date;
  readonly variables: readonly StrangeVariable[];
  /** What the services would say of their configuration at their start. */
  readonly configuration: Known<readonly ServiceConfiguration[]>;
  /** Each address of the broker, as the publisher. */
  readonly lines: Known<readonly BrokerProbe[]>;
  readonly broker: Known<BrokerFacts>;
  readonly api: Known<ApiFacts>;
  readonly database: Known<DatabaseInspection>;
  readonly license: Known<License>;
  readonly till: Known<TillFacts>;
  /** Each address of the broker, as this machine's till. */
  readonly tillLines: Known<readonly BrokerProbe[]>;
  readonly clocks: readonly ClockReading[];
  readonly certificates: readonly CertificateFacts[];
  readonly disks: readonly DiskFacts[];
}

export interface ServiceConfiguration {
  readonly service: 'backend' | 'till';
  readonly problems: readonly ErrorDetail[];
}

/** The broker as its management API tells it. */
export type BrokerFacts =
  | { readonly reached: false; readonly address: string; readonly why: string; readonly refused: boolean }
  | {
      readonly reached: true;
      readonly address: string;
      readonly overview: BrokerOverview;
      readonly vhost: string;
      readonly exchange: string;
      readonly nodes: readonly BrokerNode[];
      /** How many nodes the operator says there should be; null: not said. */
      readonly nodesExpected: number | null;
      readonly findings: Readonly<Record<AuditArea, readonly Finding[]>>;
    };

/** What the API answered to two questions that need no credentials. */
export interface ApiFacts {
  readonly url: string;
  /** The variable that holds its authorities. */
  readonly caVariable: string;
  readonly health: ApiAnswer;
  readonly ready: ApiAnswer;
}

export type ApiAnswer =
  | { readonly answered: false; readonly why: string }
  | {
      readonly answered: true;
      readonly status: number;
      /** Whether Tillcast's backend answered, and not something before it. */
      readonly isOurs: boolean;
      /** The problem's code; null where it is well. */
      readonly code: string | null;
      readonly details: readonly ErrorDetail[];
      /** `Server` and `Via`, where something told. */
      readonly by: string | null;
    };

/** This machine's till. */
export interface TillFacts {
  readonly dataDir: string;
  readonly identity: TillIdentity | null;
  /** Why who it is cannot be read; null: it can, or it is not activated. */
  readonly identityFault: string | null;
  /** Of one that is not activated: how its license key is taken. Null: nobody could be asked. */
  readonly token: TokenFacts | null;
  readonly files: readonly TillFile[];
  readonly unsentSales: number | null;
  /** Null: it does not run, or its page cannot be reached. */
  readonly running: {
    readonly status: string;
    readonly reason: string;
    readonly behind: number | null;
  } | null;
}

export type TokenFacts =
  | { readonly given: true; readonly scopes: readonly string[] }
  | { readonly given: false; readonly code: string; readonly message: string };

/** Somebody's clock less this machine's. */
export interface ClockReading {
  readonly of: 'API' | 'broker' | 'database';
  readonly aheadMs: number;
  /** How far the reading itself may be off. */
  readonly uncertainMs: number;
}

/** A certificate, as a client sees it or as it lies in a file. */
export interface CertificateFacts {
  /** `amqps://broker.example.com:5671`, or a file's path. */
  readonly where: string;
  /** The variable that names the authorities to trust, or the file. */
  readonly variable: string;
  readonly fault: string | null;
  readonly validTo: Date | null;
  readonly issuer: string | null;
  /** Certificates from the server's to the authority's. */
  readonly chain: number | null;
}

export interface DiskFacts {
  readonly what: string;
  readonly path: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}
