import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Catalog } from '../catalog/catalog.ts';
import type { Clock } from '../server/clock.ts';
import { Refusal, refusalWords } from '../server/refusal.ts';
import type { CounterApi } from './counter-api.ts';
import { type OrderEdits, orderEdits } from './order-edits.ts';
import { EMPTY_SCREEN, type Place, type Screen, SELLING } from './place.ts';
import { type SalesActs, salesActs } from './sales-acts.ts';
import { screenKeeper } from './screen-keeper.ts';
import type { OpenOrder, SaleRow, Session, Setup } from './shapes.ts';

const READ_RETRY_MS = 1_000;

/** What the acts of selling share. */
export interface Desk {
  readonly api: CounterApi;
  readonly catalog: ReadonlySignal<Catalog | null>;
  readonly open: Signal<readonly OpenOrder[]>;
  readonly orderId: Signal<string | null>;
  readonly place: Signal<Place>;
  readonly paid: Signal<SaleRow | null>;
  /** The line that was touched last, to be shown. */
  readonly touched: Signal<string | null>;
  readonly trouble: Signal<string | null>;
  /** Does one thing after the other; what fails is told in words, and the next goes on. */
  inTurn(act: () => Promise<void>): void;
  go(place: Place): void;
  readAnew(): void;
}

/** Selling, as the page knows it from the till's program, which keeps all of it. */
export interface Counter extends OrderEdits, SalesActs {
  /** Whether the till's program can sell, and was read. */
  readonly ready: ReadonlySignal<boolean>;
  readonly setup: ReadonlySignal<Setup | null>;
  readonly session: ReadonlySignal<Session | null>;
  /** Whether somebody has to sign in before anything is sold. */
  readonly locked: ReadonlySignal<boolean>;
  /** All open orders. */
  readonly open: ReadonlySignal<readonly OpenOrder[]>;
  /** The one that is shown; null before its first line. */
  readonly order: ReadonlySignal<OpenOrder | null>;
  readonly place: ReadonlySignal<Place>;
  readonly paid: ReadonlySignal<SaleRow | null>;
  readonly touched: ReadonlySignal<string | null>;
  /** What was refused last, in the cashier's words; null when all went well since. */
  readonly trouble: ReadonlySignal<string | null>;
  /** What the till keeps of the screen; null before it was read. */
  readonly screen: ReadonlySignal<Screen | null>;
  go(place: Place): void;
  /** Shows something that went wrong, until something goes well. */
  tell(words: string): void;
  forgetTrouble(): void;
  keepScreen(part: Partial<Pick<Screen, 'shelf' | 'language'>>): void;
  /** Reads what the till's program says has changed: all of it at `session`. */
  changed(part: 'order' | 'sales' | 'session'): void;
  /** @returns what the till said against it; null when it is done */
  signIn(userId: string, pin: string): Promise<string | null>;
  activate(fields: {
    readonly key: string;
    readonly code: string;
    readonly name: string;
    readonly server: string;
  }): Promise<string | null>;
  stop(): void;
}

interface Parts {
  readonly api: CounterApi;
  readonly clock: Clock;
  readonly catalog: ReadonlySignal<Catalog | null>;
  readonly report: (what: string, cause: unknown) => void;
}

export function startCounter({ api, clock, catalog, report }: Parts): Counter {
  const ready = signal(false);
  const setup = signal<Setup | null>(null);
  const session = signal<Session | null>(null);
  const open = signal<readonly OpenOrder[]>([]);
  const orderId = signal<string | null>(null);
  const place = signal<Place>(SELLING);
  const paid = signal<SaleRow | null>(null);
  const touched = signal<string | null>(null);
  const trouble = signal<string | null>(null);
  const screen = signal<Screen | null>(null);
  const keeper = screenKeeper({ api, report });
  let turn: Promise<void> = Promise.resolve();
  let reading = false;
  let ordersDue = false;
  let due = false;
  let cancelRetry: () => void = () => undefined;

  const order = computed(() => open.value.find(({ id }) => id === orderId.value) ?? null);
  const stopKeeping = screen.subscribe((next) => {
    if (next !== null) keeper.keep(next);
  });
  const stopFollowing = computed(() => ({
    orderId: orderId.value,
    place: place.value,
    paidId: paid.value?.sale.id ?? null,
  })).subscribe((now) => {
    const before = screen.peek();
    if (before !== null && ready.peek()) screen.value = { ...before, ...now };
  });

  // What is read of orders waits for the edits before it: an answer that is older than an edit undoes nothing.
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = turn.then(act);
    turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  function readOrders(): void {
    if (ordersDue) return;
    ordersDue = true;
    desk.inTurn(async () => {
      ordersDue = false;
      open.value = await api.orders();
    });
  }

  const desk: Desk = {
    api,
    catalog,
    open,
    orderId,
    place,
    paid,
    touched,
    trouble,
    inTurn: (act) => {
      inTurn(act).catch((cause: unknown) => {
        report('The till did not do what was asked of it.', cause);
        trouble.value = refusalWords(cause);
        readAnew();
      });
    },
    go: (next) => {
      batch(() => {
        trouble.value = null;
        if (next.is !== 'selling') touched.value = null;
        place.value = next;
      });
    },
    readAnew,
  };

  function readAnew(): void {
    if (reading) due = true;
    else void read();
  }

  async function read(): Promise<void> {
    reading = true;
    due = false;
    cancelRetry();
    try {
      const isSetUp = await readSetup();
      if (isSetUp) await readAll();
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) {
        // This till's program does not sell: its page shows the catalog.
        reading = false;
        return;
      }
      report('The orders could not be read from the till; it is tried again.', error);
      due = true;
    }
    reading = false;
    if (due) cancelRetry = clock.after(READ_RETRY_MS, () => void read());
  }

  async function readSetup(): Promise<boolean> {
    const next = await api.setup();
    setup.value = next;
    return next.state !== 'needed';
  }

  async function readAll(): Promise<void> {
    const nextSession = await api.session();
    if (nextSession.staff === null && nextSession.staff_required) {
      batch(() => {
        session.value = nextSession;
        open.value = [];
        ready.value = true;
      });
      return;
    }
    const isFirst = screen.peek() === null;
    const [orders, kept] = await Promise.all([inTurn(() => api.orders()), isFirst ? api.screen() : null]);
    const paidId = kept?.paidId ?? null;
    // Only what was shown last is lost with it: it stands in the list of sales.
    const paidRow = paidId === null ? null : await api.sale(paidId).catch(() => null);
    batch(() => {
      session.value = nextSession;
      open.value = orders;
      if (isFirst) {
        const restored = kept ?? EMPTY_SCREEN;
        orderId.value = orders.some(({ id }) => id === restored.orderId) ? restored.orderId : null;
        place.value = restored.place.is === 'pay' && orderId.value === null ? SELLING : restored.place;
        paid.value = paidRow;
        screen.value = restored;
      }
      ready.value = true;
    });
    void acts.readSales();
  }

  const acts = salesActs(desk, { session, setSession: (next) => (session.value = next), report });
  readAnew();

  return {
    ...orderEdits(desk),
    ...acts,
    ready,
    setup,
    session,
    locked: computed(
      () => session.value !== null && session.value.staff_required && session.value.staff === null,
    ),
    open,
    order,
    place,
    paid,
    touched,
    trouble,
    screen,
    go: (next) => desk.go(next),
    tell: (words) => {
      trouble.value = words;
    },
    forgetTrouble: () => {
      trouble.value = null;
    },
    keepScreen: (part) => {
      screen.value = { ...(screen.peek() ?? EMPTY_SCREEN), ...part };
    },
    changed: (part) => {
      if (!ready.peek() || part === 'session') readAnew();
      else if (part === 'sales') void acts.readSales();
      else readOrders();
    },
    signIn: async (userId, pin) => {
      try {
        session.value = await api.signIn(userId, pin);
        screen.value = null;
        readAnew();
        return null;
      } catch (error) {
        return refusalWords(error);
      }
    },
    activate: async (fields) => {
      try {
        setup.value = await api.activate(fields);
        readAnew();
        return null;
      } catch (error) {
        return refusalWords(error);
      }
    },
    stop: () => {
      cancelRetry();
      stopKeeping();
      stopFollowing();
    },
  };
}
