/**
 * What a terminal has at the broker beyond what one that works ever has: a queue for each connection, of which it
 * has three at most, and no exchange. With what may be counted a moment late on top.
 */
const MOST = { connections: 8, queues: 4, exchanges: 4 } as const;

const OWN_NAME = /^terminal\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\../;
const TERMINAL_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What there is at the broker, as it was listed. */
export interface BrokerContents {
  readonly queues: readonly { readonly name: string; readonly exclusive: boolean }[];
  readonly exchanges: readonly string[];
  /** Whose the connections are; not only terminals'. */
  readonly connectionUsers: readonly string[];
}

/** What one terminal has there. */
export interface Holding {
  readonly terminalId: string;
  readonly connections: number;
  readonly queues: number;
  readonly exchanges: number;
}

/** Something that outlives the connection it was made on. */
export interface Leftover {
  readonly kind: 'queue' | 'exchange';
  readonly name: string;
  readonly terminalId: string;
}

/** The terminals that have more than a few of anything, the worst first. */
export function hoardsIn(contents: BrokerContents): readonly Holding[] {
  const holdings = new Map<string, { connections: number; queues: number; exchanges: number }>();
  const count = (terminalId: string | undefined, what: keyof typeof MOST): void => {
    if (terminalId === undefined) return;
    const holding = holdings.get(terminalId) ?? { connections: 0, queues: 0, exchanges: 0 };
    holding[what] += 1;
    holdings.set(terminalId, holding);
  };
  for (const { name } of contents.queues) count(ownerOf(name), 'queues');
  for (const name of contents.exchanges) count(ownerOf(name), 'exchanges');
  for (const user of contents.connectionUsers) if (TERMINAL_ID.test(user)) count(user, 'connections');
  const sum = (of: Holding): number => of.connections + of.queues + of.exchanges;
  return [...holdings]
    .map(([terminalId, holding]) => ({ terminalId, ...holding }))
    .filter(
      ({ connections, queues, exchanges }) =>
        connections > MOST.connections || queues > MOST.queues || exchanges > MOST.exchanges,
    )
    .toSorted((a, b) => sum(b) - sum(a));
}

/** What terminals declared that does not go with its connection: a terminal that works declares no such thing. */
export function leftoversIn({ queues, exchanges }: BrokerContents): readonly Leftover[] {
  const leftover = (kind: Leftover['kind'], name: string): readonly Leftover[] => {
    const terminalId = ownerOf(name);
    return terminalId === undefined ? [] : [{ kind, name, terminalId }];
  };
  return [
    ...queues.filter(({ exclusive }) => !exclusive).flatMap(({ name }) => leftover('queue', name)),
    ...exchanges.flatMap((name) => leftover('exchange', name)),
  ];
}

/** Whose a name is; undefined: no terminal's. */
function ownerOf(name: string): string | undefined {
  return OWN_NAME.exec(name)?.[1];
}
