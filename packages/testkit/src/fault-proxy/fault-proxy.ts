import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../ports.ts';
import { type FaultTally, type Interception, type LineFaults, NO_FAULTS } from './faults.ts';
import { Line } from './line.ts';
import { seededRandom } from './seeded-random.ts';

export interface FaultProxyOptions {
  /** Where connections are led to: a port of this machine, or of a host. */
  readonly target: number | { readonly host: string; readonly port: number };
  /** The loopback address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Whether the lines speak AMQP in plain text, so that single deliveries can suffer. Default: no. */
  readonly amqp?: boolean;
  /** What is left to chance follows from it, line by line in the order in which they come. Default 1. */
  readonly seed?: number;
}

/** A TCP proxy on the loopback address whose lines suffer what it is told, while they run. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** The same address with the proxy in the server's place. */
  readonly through: (url: string) => string;
  /** Changes the faults named, for the lines that are open and for those to come; the others stay as they are. */
  readonly suffer: (faults: Partial<LineFaults>) => void;
  /** No faults from now on. Lines that were abandoned or ignored stay dead. */
  readonly heal: () => void;
  /** Tears off every open line by RST. */
  readonly reset: () => void;
  /** Every open line goes dead without a word to either end, for good; new ones are served. */
  readonly abandon: () => void;
  /**
   * Waits for a client to send such bytes; its line then goes dead as by `abandon`, the others live on. Resolves when it
   * has happened; one at a time.
   */
  readonly intercept: (interception: Interception) => Promise<void>;
  /** Refuses new connections; the open lines stay. */
  readonly refuse: () => void;
  /** Takes new connections again, at the same port. */
  readonly accept: () => Promise<void>;
  /** Leads new connections to another port of this machine from now on. */
  readonly lead: (port: number) => void;
  /** Connections that clients, or this proxy at the server, have open at this moment. */
  readonly openLines: () => { readonly ofClients: number; readonly atServer: number };
  readonly tally: Readonly<FaultTally>;
  /** Refuses and resets. Safe to call more than once. */
  readonly close: () => Promise<void>;
}

/** Opens a proxy that passes everything on. */
export async function openFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const port = await freePort();
  const { amqp = false, seed = 1, host = '127.0.0.1' } = options;
  const lines = new Set<Line>();
  const tally: FaultTally = { lines: 0, deliveries: 0, dropped: 0, doubled: 0, delayed: 0 };
  let target = typeof options.target === 'number' ? atLoopback(options.target) : options.target;
  let faults = NO_FAULTS;
  let server: Server | null = null;
  const ended: Promise<void>[] = [];
  let waiting: { readonly interception: Interception; readonly happened: () => void } | null = null;

  const intercepted = (bytes: Buffer, line: number): Interception | null => {
    if (waiting === null || !waiting.interception.sees(bytes, line)) return null;
    const { interception, happened } = waiting;
    waiting = null;
    happened();
    return interception;
  };
  const pass = (near: Socket): void => {
    tally.lines += 1;
    const number = tally.lines;
    const ofLine = seed * 1_000_003 + number * 2;
    const line: Line = new Line({
      near,
      target,
      amqp,
      faults: () => faults,
      jitter: seededRandom(ofLine),
      random: seededRandom(ofLine + 1),
      tally,
      intercepted: (bytes) => intercepted(bytes, number),
      onClosed: () => lines.delete(line),
    });
    lines.add(line);
  };
  const accept = async (): Promise<void> => {
    if (server !== null) return;
    const opened = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, pass);
    server = opened;
    await new Promise<void>((resolve, reject) => {
      opened.once('error', reject);
      opened.listen({ port, host, backlog: 2_048 }, resolve);
    });
  };
  const refuse = (): void => {
    const closing = server;
    server = null;
    if (closing === null) return;
    // It listens no more at once, and has closed when its last line is gone.
    ended.push(new Promise((resolve) => void closing.close(() => resolve())));
  };
  const reset = (): void => {
    for (const line of lines) line.reset();
  };
  const suffer = (some: Partial<LineFaults>): void => {
    faults = { ...faults, ...some };
    for (const line of lines) line.look();
  };
  const close = async (): Promise<void> => {
    refuse();
    reset();
    await Promise.all(ended);
  };
  await accept();
  return {
    port,
    through: (url) => {
      const led = new URL(url);
      led.hostname = host;
      led.port = String(port);
      return led.href;
    },
    suffer,
    heal: () => suffer(NO_FAULTS),
    reset,
    abandon: () => {
      for (const line of lines) line.abandon();
    },
    intercept: (interception) =>
      new Promise((resolve) => {
        waiting = { interception, happened: resolve };
      }),
    refuse,
    accept,
    lead: (to) => {
      target = atLoopback(to);
    },
    openLines: () => {
      const all = [...lines];
      return {
        ofClients: all.filter((line) => line.nearIsOpen).length,
        atServer: all.filter((line) => line.farIsOpen).length,
      };
    },
    tally,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function atLoopback(port: number): { readonly host: string; readonly port: number } {
  return { host: '127.0.0.1', port };
}
