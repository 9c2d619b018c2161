import type { TerminalStatusWord } from '@tillcast/protocol/replica/status';

/** Everything that the page says, in one place. A translation is another object of this shape. */
export const strings = {
  starting: 'Starting',
  license: 'License',

  search: {
    label: 'Search by name, SKU or barcode',
    placeholder: 'Search or scan',
    clear: 'Clear the search',
    found: (count: number): string => `${count.toLocaleString()} found`,
    heading: (query: string): string => `“${query}”`,
    nothing: (query: string): string => `Nothing found for “${query}”`,
    nothingHint: 'Names, SKUs and barcodes of the whole catalog were searched.',
  },

  status: {
    label: (word: TerminalStatusWord, version: number | null, behind: number | null): string => {
      switch (word) {
        case 'live':
          return version === null ? 'Live' : `Live v${version}`;
        case 'catching_up':
          return behind === null || behind === 0 ? 'Catching up' : `Catching up (${behind})`;
        case 'offline':
          return 'Offline – selling works';
        case 'needs_attention':
          return 'Needs attention';
      }
    },
    word: {
      live: 'Live',
      catching_up: 'Catching up',
      offline: 'Offline, selling works',
      needs_attention: 'Needs attention',
    } as Readonly<Record<TerminalStatusWord, string>>,
    announce: (word: string, reason: string): string => `Status: ${word}. ${reason}`.trim(),
    details: 'Status details',
    unsent: (count: number): string => `${count} unsent`,
    allWell: 'Every change has arrived, and the server confirmed it.',
    programSilent: 'The till program on this machine does not answer. Start it again, or call support.',
    pageReading: 'This page is reading the catalog from the till.',
    startingReason: 'Asking the till program on this machine.',
  },

  sheet: {
    close: 'Close',
    lastContact: 'Last contact',
    never: 'not yet',
    ago: (age: string): string => `${age} ago`,
    clockDiffers: 'just now',
    version: 'Catalog version',
    noVersion: 'no catalog yet',
    content: 'Content verified',
    contentAt: (version: number): string => `at v${version}`,
    contentNotYet: 'not yet',
    contentLast: (version: number): string => `last at v${version}`,
    channel: 'Receiving changes',
    yes: 'yes',
    no: 'no',
    unsent: 'Unsent sales',
    nextTry: 'Next try',
    inTime: (time: string): string => `in ${time}`,
    now: 'now',
    holds: 'This till holds',
    syncNow: 'Sync now',
    syncing: 'Asking the server…',
    syncUnreachable: 'The till program does not answer.',
    upToDate: (version: number | null): string =>
      version === null ? 'Up to date' : `Up to date (v${version})`,
    applied: (count: number): string => (count === 1 ? '1 change applied' : `${count} changes applied`),
  },

  counts: {
    product: (count: number): string => plural(count, 'product', 'products'),
    category: (count: number): string => plural(count, 'category', 'categories'),
    modifier: (count: number): string => plural(count, 'modifier', 'modifiers'),
    table: (count: number): string => plural(count, 'table', 'tables'),
    user: (count: number): string => plural(count, 'member of staff', 'members of staff'),
  },

  banner: {
    offline: (time: string | null): string =>
      time === null
        ? 'Offline. Selling works; changes will arrive when the connection is back.'
        : `Offline, last contact at ${time}. Selling works; changes will arrive when the connection is back.`,
    programSilent: 'The till program on this machine does not answer. What is shown here may be old.',
  },

  notices: {
    label: 'Notices',
    info: 'Notice',
    warning: 'Warning',
    dismiss: 'Dismiss',
    position: (index: number, count: number): string => `${index} of ${count}`,
  },

  categories: {
    label: 'Categories',
    all: 'All products',
    rest: 'Other',
  },

  products: {
    label: 'Products',
    unavailable: 'Unavailable',
    hasOptions: 'Has options',
    noPrice: 'No price',
    was: (price: string): string => `was ${price}, now`,
    loading: 'Reading the catalog',
    noneYet: 'No catalog yet',
    noneYetHint: 'It comes from the server by itself, as soon as this till is connected.',
    emptyCatalog: 'The catalog has no products',
    emptyCatalogHint: 'Products that are added on the server appear here at once.',
    emptyShelf: 'Nothing in this category',
    emptyShelfHint: 'Products that are added to it appear here at once.',
  },

  detail: {
    gone: 'This product is no longer in the catalog.',
    sku: 'SKU',
    barcode: 'Barcode',
    category: 'Category',
    tax: 'Tax, included',
    taxPercent: (percent: number): string =>
      `${percent.toLocaleString(undefined, { maximumFractionDigits: 3 })} %`,
    choose: (min: number, max: number): string => {
      if (min === max) return `choose ${min}`;
      return min === 0 ? `choose up to ${max}` : `choose ${min} to ${max}`;
    },
    included: 'included',
  },

  activity: {
    title: 'Activity',
    open: 'Show activity',
    empty: 'No changes yet',
    emptyHint: 'Each change appears here as it is applied.',
    version: (version: number): string => `v${version}`,
    to: 'now',
    committed: 'Committed',
    applied: 'applied',
    clocksDiffer: 'clocks differ',
    type: {
      price_update: 'Price',
      product_update: 'Product',
      product_delete: 'Product',
      category_update: 'Category',
      category_delete: 'Category',
      modifier_update: 'Modifier',
      modifier_delete: 'Modifier',
      table_update: 'Table',
      table_delete: 'Table',
      user_update: 'Staff',
      user_delete: 'Staff',
      catalog_update: 'Catalog',
      license_update: 'License',
      system_notice: 'Notice',
      'broadcast.system_notice': 'Notice',
      snapshot: 'Catalog',
      delta: 'Catching up',
      message_refused: 'Refused',
    } as Readonly<Record<string, string>>,
  },
} as const;

function plural(count: number, one: string, many: string): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}
