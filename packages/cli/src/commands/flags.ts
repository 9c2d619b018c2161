import type { FlagSpec } from '../command.ts';

/** Flags that several commands share. */
export const LICENSE_FLAG: FlagSpec = {
  flags: '--license <key>',
  description: 'The license whose catalog it is',
  required: true,
};

export const CURRENCY_FLAG: FlagSpec = {
  flags: '--currency <code>',
  description: 'ISO 4217 code of the prices, such as GBP',
};
