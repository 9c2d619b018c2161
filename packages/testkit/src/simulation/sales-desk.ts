import { LicenseGate, takeSales } from '@tillcast/backend/internals';
import { TillcastError } from '@tillcast/protocol/errors';
import { type SalesAnswer, salesUploadSchema } from '@tillcast/protocol/http/sales-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import type { MemoryDatabase } from './memory-database.ts';
import type { Random } from './random.ts';
import type { SalesTruth } from './sales-truth.ts';
import type { Surroundings } from './surroundings.ts';
import type { SimulatedRequest } from './sync-api.ts';
import { stateOf } from './sync-reads.ts';

/** What a till shows where it hands in sales: good within the grace after an end too, and for nothing else. */
export function salesToken(licenseKey: string, terminalId: string): string {
  return `${licenseKey}.${terminalId}`;
}

export interface SalesDeskOptions {
  readonly name: string;
  /** The one that there is at the moment. */
  readonly database: () => MemoryDatabase;
  readonly truth: SalesTruth;
}

/** Where one backend takes sales: the product's own gate and `takeSales`, at the end of a line to the database of its own. */
export class SalesDesk {
  readonly #options: SalesDeskOptions;
  readonly #surroundings: Surroundings;
  readonly #random: Random;
  readonly #gate: LicenseGate;

  constructor(surroundings: Surroundings, options: SalesDeskOptions) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#random = surroundings.random.fork(`database of sales of ${options.name}`);
    this.#gate = new LicenseGate({
      find: (key) => this.#ask((database) => stateOf(database, key)),
      tokens: {
        verify: (token) => {
          const [licenseKey = '', terminalId = ''] = token.split('.');
          return Promise.resolve({ licenseKey: parseLicenseKey(licenseKey), terminalId, salesOnly: true });
        },
      },
      auth: 'token',
      now: () => new Date(surroundings.wallMs()),
    });
  }

  /** As the route does it. @throws TillcastError */
  async take({ headers, body }: SimulatedRequest): Promise<Uint8Array> {
    const { license, terminalId } = await this.#gate.admit(
      { authorization: headers['authorization'] },
      'sales',
    );
    if (terminalId === null) throw new TillcastError('request_invalid', 'Nobody says whose sales these are.');
    const { sales } = salesUploadSchema.parse(JSON.parse(body ?? 'null'));
    const bringer = { licenseId: license.id, terminalId, at: new Date(this.#surroundings.wallMs()) };
    const { results } = await this.#ask(async (database) => {
      const taken = await takeSales(database.sales.database, bringer, sales);
      this.#options.truth.taken(database.sales);
      return taken;
    });
    return Buffer.from(JSON.stringify({ epoch: license.epoch, results } satisfies SalesAnswer));
  }

  /** Something is done, or not, or done without a word. */
  #ask<T>(work: (database: MemoryDatabase) => T | Promise<T>): Promise<T> {
    const { scheduler, rates } = this.#surroundings;
    const fate = this.#random.next();
    const [there, back] = [this.#random.between(0.1, 4), this.#random.between(0.1, 4)];
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        reject(new TillcastError('database_unavailable', 'The simulated database is away.'));
      };
      scheduler.after(there, () => {
        const { databaseError } = rates();
        if (fate < databaseError / 2) return fail();
        void Promise.resolve(this.#options.database())
          .then(work)
          .then((found) => {
            if (fate < databaseError) fail();
            else scheduler.after(back, () => resolve(found));
          }, reject);
        return undefined;
      });
    });
  }
}
