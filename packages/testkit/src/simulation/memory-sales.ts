import type { Database, RawRow, Session, SqlValue, Transaction } from '@tillcast/backend/internals';

/** A row of `sales`, as far as anybody asks. */
export interface StoredSale {
  readonly licenseId: number;
  readonly terminalId: string;
  readonly saleId: string;
  readonly body: string;
  readonly hash: string;
}

/** What was rejected, with its reason. */
export interface StoredRejected extends Omit<StoredSale, 'saleId'> {
  readonly code: string;
}

/**
 * The tables of sales in memory. They are written by the product's own `takeSales`: what its statements do in SQL is done here
 * again, by their names, and the same contract holds for both.
 */
export class MemorySales {
  readonly rows: StoredSale[];
  readonly rejected: StoredRejected[];

  constructor(rows: readonly StoredSale[] = [], rejected: readonly StoredRejected[] = []) {
    this.rows = [...rows];
    this.rejected = [...rejected];
  }

  /** What a backup holds of them. */
  copy(): MemorySales {
    return new MemorySales(this.rows, this.rejected);
  }

  /** As the product sees it. */
  get database(): Pick<Database, 'ofLicense'> {
    const query: Session['query'] = async (statement, values = []) =>
      this.#run(statement.name, values).map((raw) => statement.decode(raw));
    const refuse = (): Promise<never> => Promise.reject(new Error('Of sales no script is ever run.'));
    const session: Transaction = { query, queryAndCommit: query, execute: refuse };
    return { ofLicense: () => ({ query, transaction: (work) => work(session) }) };
  }

  #run(statement: string, values: readonly SqlValue[]): readonly RawRow[] {
    switch (statement) {
      case 'insert_sales':
        return this.#insert(values);
      case 'select_sale_hashes':
        return this.#selectHashes(values);
      case 'insert_rejected_sales':
        return this.#insertRejected(values);
      default:
        throw new Error(`The simulated database does not know the statement ${statement}.`);
    }
  }

  #insert([license, terminal, , ids, , , , , , bodies, hashes]: readonly SqlValue[]): readonly RawRow[] {
    const [licenseId, terminalId] = [Number(license), String(terminal)];
    const [bodyOf, hashOf] = [textsOf(bodies), textsOf(hashes)];
    return textsOf(ids).flatMap((saleId, index) => {
      const isThere = this.rows.some(
        (row) => row.licenseId === licenseId && row.terminalId === terminalId && row.saleId === saleId,
      );
      if (isThere) return [];
      this.rows.push({
        licenseId,
        terminalId,
        saleId,
        body: bodyOf[index] ?? '',
        hash: hashOf[index] ?? '',
      });
      return [{ saleId }];
    });
  }

  #selectHashes([license, terminal, ids]: readonly SqlValue[]): readonly RawRow[] {
    const asked = textsOf(ids);
    return this.rows
      .filter((row) => row.licenseId === license && row.terminalId === terminal && asked.includes(row.saleId))
      .map(({ saleId, hash }) => ({ saleId, hash }));
  }

  #insertRejected([license, terminal, , hashes, bodies, codes]: readonly SqlValue[]): readonly RawRow[] {
    const [licenseId, terminalId] = [Number(license), String(terminal)];
    const [bodyOf, codeOf] = [textsOf(bodies), textsOf(codes)];
    for (const [index, hash] of textsOf(hashes).entries()) {
      const isThere = this.rejected.some(
        (row) => row.licenseId === licenseId && row.terminalId === terminalId && row.hash === hash,
      );
      if (isThere) continue;
      const [body = '', code = ''] = [bodyOf[index], codeOf[index]];
      this.rejected.push({ licenseId, terminalId, hash, body, code });
    }
    return [];
  }
}

function textsOf(value: SqlValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
