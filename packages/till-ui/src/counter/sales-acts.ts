import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import { strings } from '../i18n/strings.ts';
import { Refusal, refusalWords } from '../server/refusal.ts';
import type { Desk } from './counter.ts';
import { SELLING } from './place.ts';
import type { PaymentRequest, RefundLine, SaleRow, Session } from './shapes.ts';

/** The sales of this till as far as they were read, newest first. */
export interface KnownSales {
  readonly rows: readonly SaleRow[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

export interface Export {
  readonly pin: string;
  readonly passphrase: string;
  /** Whether to sign out once the file is written. */
  readonly signOut: boolean;
}

/** Paying, and what comes after. */
export interface SalesActs {
  readonly sales: ReadonlySignal<KnownSales>;
  /** Whether a payment is being saved. */
  readonly selling: ReadonlySignal<boolean>;
  /** Whether signing out was refused for want of an export. */
  readonly exportForSignOut: ReadonlySignal<boolean>;
  /** A sale by its id, as it stands; null while it is not known. It is asked for then. */
  shownSale(id: string): ReadonlySignal<SaleRow | null>;
  pay(payment: PaymentRequest): void;
  /** Puts away what the last payment came to. */
  newSale(): void;
  print(saleId: string): void;
  printed(): void;
  back(): void;
  refund(saleId: string, lines: readonly RefundLine[], method: 'cash' | 'card'): void;
  retry(saleId: string): void;
  olderSales(): void;
  readSales(): Promise<void>;
  signOut(): void;
  forgetExport(): void;
  exportSales(wanted: Export): Promise<{ readonly well: boolean; readonly text: string }>;
}

interface More {
  readonly session: ReadonlySignal<Session | null>;
  readonly setSession: (session: Session) => void;
  readonly report: (what: string, cause: unknown) => void;
}

export function salesActs(desk: Desk, { setSession, report }: More): SalesActs {
  const { api } = desk;
  const rows = signal<ReadonlyMap<string, SaleRow>>(new Map());
  const listed = signal<readonly string[]>([]);
  const next = signal<string | null>(null);
  const selling = signal(false);
  const exportForSignOut = signal(false);
  const asked = new Set<string>();

  const learn = (learned: readonly SaleRow[]): void => {
    rows.value = new Map([...rows.peek(), ...learned.map((row) => [row.sale.id, row] as const)]);
    const paid = desk.paid.peek();
    const now = paid === null ? undefined : rows.peek().get(paid.sale.id);
    if (now !== undefined) desk.paid.value = now;
  };
  const addNewest = (row: SaleRow): void => {
    batch(() => {
      learn([row]);
      listed.value = [row.sale.id, ...listed.peek().filter((id) => id !== row.sale.id)];
    });
  };
  const readSales = async (): Promise<void> => {
    try {
      const page = await api.sales(null);
      batch(() => {
        learn(page.rows);
        const ids = page.rows.map(({ sale }) => sale.id);
        const older = listed.peek().filter((id) => !ids.includes(id));
        if (older.length === 0) next.value = page.next;
        listed.value = [...ids, ...older];
      });
    } catch (error) {
      report('The sales could not be read from the till.', error);
    }
  };
  const ask = async (id: string): Promise<void> => {
    asked.add(id);
    try {
      learn([await api.sale(id)]);
    } catch (error) {
      report('The sale could not be read from the till.', error);
    }
    asked.delete(id);
  };

  return {
    sales: computed(() => ({
      rows: listed.value.flatMap((id) => rows.value.get(id) ?? []),
      more: next.value !== null,
    })),
    selling,
    exportForSignOut,
    shownSale: (id) => {
      if (!rows.peek().has(id) && !asked.has(id)) void ask(id);
      return computed(() => rows.value.get(id) ?? null);
    },
    pay: (payment) => {
      if (selling.peek()) return;
      selling.value = true;
      desk.inTurn(async () => {
        try {
          const order = desk.open.peek().find(({ id }) => id === desk.orderId.peek());
          if (order === undefined) return;
          const row = await api.sell(order.id, order.revision, [payment]);
          batch(() => {
            addNewest(row);
            desk.open.value = desk.open.peek().filter(({ id }) => id !== order.id);
            desk.orderId.value = null;
            desk.paid.value = row;
            desk.go(SELLING);
          });
        } finally {
          selling.value = false;
        }
      });
    },
    newSale: () => {
      desk.paid.value = null;
      desk.go(SELLING);
    },
    print: (saleId) => desk.go({ is: 'receipt', saleId, print: true }),
    printed: () => {
      const place = desk.place.peek();
      if (place.is === 'receipt') desk.place.value = { is: 'receipt', saleId: place.saleId };
    },
    back: () => desk.go(desk.paid.peek() === null ? { is: 'sales' } : SELLING),
    refund: (saleId, lines, method) => {
      desk.inTurn(async () => {
        const row = await api.refund({ sale_id: saleId, lines, payments: [{ method }] });
        addNewest(row);
        desk.go({ is: 'receipt', saleId: row.sale.id });
      });
    },
    retry: (saleId) => desk.inTurn(async () => learn([await api.retry(saleId)])),
    olderSales: () => {
      desk.inTurn(async () => {
        const from = next.peek();
        if (from === null) return;
        const page = await api.sales(from);
        batch(() => {
          learn(page.rows);
          listed.value = [...new Set([...listed.peek(), ...page.rows.map(({ sale }) => sale.id)])];
          next.value = page.next;
        });
      });
    },
    readSales,
    signOut: () => {
      desk.inTurn(async () => {
        try {
          setSession(await api.signOut());
        } catch (error) {
          if (!(error instanceof Refusal) || error.code !== 'unsent_sales') throw error;
          exportForSignOut.value = true;
        }
      });
    },
    forgetExport: () => {
      exportForSignOut.value = false;
    },
    exportSales: async ({ pin, passphrase, signOut }) => {
      try {
        const { file, count } = await api.exportSales(pin, passphrase);
        if (signOut) setSession(await api.signOut());
        return { well: true, text: `${strings.sales.exported(count)} ${file}` };
      } catch (error) {
        return { well: false, text: refusalWords(error) };
      }
    },
  };
}
