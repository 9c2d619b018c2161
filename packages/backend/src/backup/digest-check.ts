import { DigestSum, EMPTY_DIGEST, rowDigest } from '@tillcast/protocol/digest';
import { z } from 'zod';
import { damaged } from './backup-file.ts';

const catalogRow = z.looseObject({ license_id: z.int(), digest: z.string() });
const itemRow = z.looseObject({
  license_id: z.int(),
  kind: z.string(),
  id: z.string(),
  body: z.string().nullable(),
  digest: z.string().nullable(),
});

/** Whether a backup's catalogs are what they say they are: each row's number and each license's sum computed anew. */
export class DigestCheck {
  readonly #said = new Map<number, string>();
  readonly #sums = new Map<number, DigestSum>();

  /** Takes rows as they come; of tables without catalogs' content nothing is looked at. @throws TillcastError `backup_damaged` */
  add(table: string, rows: readonly string[]): void {
    if (table === 'catalogs') for (const row of rows) this.#addCatalog(row);
    if (table === 'items') for (const row of rows) this.#addItem(row);
  }

  /** Call it when all were taken. @throws TillcastError `backup_damaged` */
  end(): void {
    for (const [license, said] of this.#said) {
      const sum = this.#sums.get(license)?.toString() ?? EMPTY_DIGEST;
      if (sum !== said) throw damaged(`the items of license number ${license} are not those of its catalog`);
    }
  }

  #addCatalog(text: string): void {
    const { license_id, digest } = parsed(catalogRow, text);
    this.#said.set(license_id, digest);
  }

  #addItem(text: string): void {
    const { license_id, kind, id, body, digest } = parsed(itemRow, text);
    if (body === null) return;
    if (rowDigest(kind, id, body) !== digest) throw damaged(`the ${kind} ${JSON.stringify(id)} was changed`);
    const sum = this.#sums.get(license_id) ?? new DigestSum();
    this.#sums.set(license_id, sum.add(digest));
  }
}

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  try {
    const result = schema.safeParse(JSON.parse(text));
    if (result.success) return result.data;
    throw damaged('a row cannot be one', result.error);
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged('a row is not JSON', error);
    throw error;
  }
}
