import { z } from 'zod';

/** Crockford's base 32: no letter that is taken for a digit or for another one. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** How many random bytes make the name of a run. */
export const RUN_BYTES = 5;

/** Who counts: a till's sales file, from one opening to its end. Eight characters of Crockford's base 32. */
export type RunName = string & { readonly __brand: 'RunName' };

/**
 * A sale's identity within its terminal, `<run>-<counter>`. The counter goes up with each sale in the sale's own transaction;
 * the run is random and new at each opening of the file. So no id is ever used twice, also where a till was cloned
 * or put back to an old copy, whose counter begins again where it was.
 */
export type SaleId = string & { readonly __brand: 'SaleId' };

const SALE_ID_PATTERN = /^[0-9A-HJKMNP-TV-Z]{8}-[1-9][0-9]{0,14}$/;

export const saleIdSchema: z.ZodType<SaleId, string> = z
  .string()
  .regex(SALE_ID_PATTERN, 'must be the name of a run and a number, such as 7Q2M4XK9-1284')
  .transform((id) => id as SaleId)
  .meta({ description: "A sale's identity within its terminal", example: '7Q2M4XK9-1284' });

/** The name that random bytes make. @param bytes `RUN_BYTES` of them */
export function runName(bytes: Uint8Array): RunName {
  if (bytes.length !== RUN_BYTES) throw new RangeError(`a run is named by ${RUN_BYTES} bytes`);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let name = '';
  for (let place = 0; place < 8; place += 1) {
    name = (ALPHABET[Number(value & 31n)] ?? '') + name;
    value >>= 5n;
  }
  return name as RunName;
}

/** @param counter 1 or more */
export function saleIdOf(run: RunName, counter: number): SaleId {
  return `${run}-${counter}` as SaleId;
}

/** The number of a sale within its till: what a receipt shows. */
export function counterOf(id: SaleId): number {
  return Number(id.slice(id.indexOf('-') + 1));
}
