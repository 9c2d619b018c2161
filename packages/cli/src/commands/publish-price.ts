import type { CommitResult } from '@tillcast/protocol/http/admin-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import type { Currency } from '@tillcast/protocol/money';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { parseItemId } from '../input/item-id.ts';
import { parseCurrency, parsePrice } from '../input/parse.ts';
import { commitLine } from '../output/commit-line.ts';
import { CURRENCY_FLAG, LICENSE_FLAG } from './flags.ts';

interface Input {
  readonly license: LicenseKey;
  readonly product: string;
  readonly price: number;
  readonly currency: Currency | undefined;
}

export const publishPrice: CliCommand = defineCommand<Input, CommitResult>({
  description: 'Change the price of one product of one license. Its tills show it at once.',
  examples: [
    'tillcast publish price --license EXTRO-LIFE-ABC123 --product 85123A --price 2.95',
    'tillcast publish price --license EXTRO-LIFE-XYZ789 --product flat-white --price 3.80 --currency EUR',
  ],
  flags: [
    LICENSE_FLAG,
    { flags: '--product <id>', description: 'The product’s id', required: true },
    { flags: '--price <amount>', description: 'The new price, as a plain decimal number', required: true },
    { ...CURRENCY_FLAG, fallback: 'the product’s own' },
  ],
  validate: (given) => {
    const currencyText = given.text('currency');
    const currency = currencyText === undefined ? undefined : parseCurrency(currencyText);
    return {
      license: parseLicenseKey(given.required('license')),
      product: parseItemId(given.required('product'), '--product'),
      price: parsePrice(given.required('price'), currency),
      currency,
    };
  },
  run: ({ license, product, price, currency }, context) =>
    withClient(context, (client) =>
      client.commit(license, [
        { op: 'set_price', product_id: product, price, ...(currency === undefined ? {} : { currency }) },
      ]),
    ),
  print: (result, context) => context.out.write(commitLine(result, context)),
});
