import { TillcastError } from '@tillcast/protocol/errors';
import type {
  ExportAnswer,
  ExportRequest,
  SetupAnswer,
  SignIn,
  TillSession,
} from '@tillcast/protocol/http/till-api';
import { exportPath, writeExport } from '../sales/export-file.ts';
import type { TillSales } from '../sales/till-sales.ts';
import type { Counter } from './counter.ts';
import { csrfOf, type SessionId } from './page-session.ts';
import type { Sessions } from './sessions.ts';
import type { StaffDesk } from './staff-desk.ts';

export interface TillDeskOptions {
  readonly counter: Counter;
  readonly sessions: Sessions;
  readonly staffDesk: StaffDesk;
  readonly sales: TillSales;
  /** The till's folder. */
  readonly dataDir: string;
  /** ISO 8601. */
  readonly now: () => string;
  readonly setup: () => SetupAnswer;
  readonly onSession: () => void;
}

const SCREEN_KEY = 'screen';

/** What stands behind the till's page: who is signed in, what may be done, and the counter itself. */
export class TillDesk {
  readonly counter: Counter;
  readonly sessions: Sessions;
  readonly #options: TillDeskOptions;
  /** Sales that are in an export: they do not keep anybody from signing out. */
  readonly #exported = new Set<string>();

  constructor(options: TillDeskOptions) {
    this.counter = options.counter;
    this.sessions = options.sessions;
    this.#options = options;
  }

  setup(): SetupAnswer {
    return this.#options.setup();
  }

  session(id: SessionId): TillSession {
    const { staffDesk, sessions } = this.#options;
    return { csrf: csrfOf(id), staff: sessions.staffOf(id), staff_required: staffDesk.isStaffed };
  }

  /** @throws TillcastError `staff_needed` where somebody has to be signed in, and nobody is */
  expectStaff(id: SessionId | null): void {
    const { staffDesk, sessions } = this.#options;
    if (sessions.staffOf(id) !== null || !staffDesk.isStaffed) return;
    throw new TillcastError('staff_needed', 'Sign in with your PIN first.');
  }

  /** @returns the session's new id. @throws TillcastError `pin_wrong`, `rate_limited` */
  async signIn(id: SessionId | null, { pin, user_id: userId }: SignIn): Promise<SessionId> {
    const { staffDesk, sessions, onSession } = this.#options;
    const next = sessions.signIn(id, await staffDesk.check(pin, userId));
    onSession();
    return next;
  }

  /** @throws TillcastError `unsent_sales` while sales wait that are in no export */
  signOut(id: SessionId | null): void {
    const { sessions, sales, onSession } = this.#options;
    const waiting = sales.file.unsentSales().filter(({ sale }) => !this.#exported.has(sale.id)).length;
    if (waiting > 0) {
      throw new TillcastError(
        'unsent_sales',
        `${waiting} ${waiting === 1 ? 'sale is' : 'sales are'} not with the server yet. Wait until they are sent, or have a manager export them first.`,
      );
    }
    sessions.signOut(id);
    onSession();
  }

  /** Writes what the server has not got into an encrypted file. @throws TillcastError as `checkManager` does */
  async export({ pin, passphrase }: ExportRequest): Promise<ExportAnswer> {
    const { staffDesk, sales, dataDir, now } = this.#options;
    await staffDesk.checkManager(pin);
    const kept = sales.file.unsentSales();
    const at = now();
    const file = exportPath(dataDir, at);
    await writeExport(file, { exportedAt: at, sales: kept.map(({ sale }) => sale) }, passphrase);
    for (const { sale } of kept) this.#exported.add(sale.id);
    return { file, count: kept.length };
  }

  /** What the page kept of itself; null for nothing. */
  screen(): unknown {
    const kept = this.#options.sales.file.kept(SCREEN_KEY);
    return kept === null ? null : JSON.parse(kept);
  }

  keepScreen(screen: Readonly<Record<string, unknown>> | null): void {
    this.#options.sales.file.keep(SCREEN_KEY, screen === null ? null : JSON.stringify(screen));
  }
}
