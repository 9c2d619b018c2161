import type { TerminalStatusWord } from '@tillcast/protocol/replica/status';
import { enErrors } from './en-errors.ts';
import { formatMegabytes, formatNumber, formatPercent, plural } from './numbers.ts';

const counted = (count: number, one: string, other: string): string => plural('en', count, { one, other });

/** Everything that the page says, in English. Every other language is an object of this shape. */
export const en = {
  starting: 'Starting',
  license: 'License',
  version: (version: number): string => `v${version}`,

  units: { ms: 'ms', s: 's', min: 'min', h: 'h', d: 'd' },

  search: {
    label: 'Search by name, SKU or barcode',
    placeholder: 'Search or scan',
    clear: 'Clear the search',
    found: (count: number): string => `${formatNumber(count)} found`,
    heading: (query: string): string => `“${query}”`,
    nothing: (query: string): string => `Nothing found for “${query}”`,
    nothingHint: 'Names, SKUs and barcodes of the whole catalog were searched.',
    scannedNothing: (code: string): string => `No product has the code ${code}`,
  },

  status: {
    label: (word: TerminalStatusWord, version: number | null, behind: number | null): string => {
      switch (word) {
        case 'live':
          return version === null ? 'Live' : `Live v${version}`;
        case 'catching_up':
          return behind === null || behind === 0 ? 'Catching up' : `Catching up (${formatNumber(behind)})`;
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
    },
    announce: (word: string, reason: string): string => `Status: ${word}. ${reason}`.trim(),
    /** The till's own words are English. */
    reason: (_code: string | null, words: string): string => words,
    details: 'Status details',
    unsent: (count: number): string => `${formatNumber(count)} unsent`,
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
    clock: 'Clock of this machine',
    clockOff: (by: string, ahead: boolean): string => `${by} ${ahead ? 'ahead' : 'behind'}`,
    clockHint: 'Set it when there is time. Sales carry the server’s time.',
    channel: 'Receiving changes',
    yes: 'yes',
    no: 'no',
    unsent: 'Unsent sales',
    showSales: 'Show sales',
    nextTry: 'Next try',
    inTime: (time: string): string => `in ${time}`,
    now: 'now',
    holds: 'This till holds',
    syncNow: 'Sync now',
    syncing: 'Asking the server…',
    syncUnreachable: 'The till program does not answer.',
    upToDate: (version: number | null): string =>
      version === null ? 'Up to date' : `Up to date (v${version})`,
    applied: (count: number): string => counted(count, '# change applied', '# changes applied'),
  },

  counts: {
    product: (count: number): string => counted(count, '# product', '# products'),
    category: (count: number): string => counted(count, '# category', '# categories'),
    modifier: (count: number): string => counted(count, '# modifier', '# modifiers'),
    table: (count: number): string => counted(count, '# table', '# tables'),
    user: (count: number): string => counted(count, '# member of staff', '# members of staff'),
    item: (count: number): string => counted(count, '# item', '# items'),
    seat: (count: number): string => counted(count, '# seat', '# seats'),
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
    position: (index: number, count: number): string => `${formatNumber(index)} of ${formatNumber(count)}`,
  },

  categories: {
    label: 'Categories',
    often: 'Often',
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
    taxPercent: (percent: number): string => formatPercent(percent),
    choose: (min: number, max: number): string => {
      if (min === max) return `choose ${formatNumber(min)}`;
      if (min === 0 && max === 1) return 'optional';
      return min === 0
        ? `choose up to ${formatNumber(max)}`
        : `choose ${formatNumber(min)} to ${formatNumber(max)}`;
    },
    included: 'included',
  },

  options: {
    label: (product: string): string => `Options of ${product}`,
    chooseFirst: (group: string): string => `Choose: ${group}`,
    done: 'Done',
    cancel: 'Cancel',
  },

  menu: {
    open: 'Menu',
    sales: 'Sales',
    orders: 'Tables and orders',
    activity: 'Activity',
    language: 'Language',
    signOut: (name: string): string => `Sign out ${name}`,
  },

  cart: {
    label: 'Order',
    counter: 'Counter sale',
    table: (name: string): string => `Table ${name}`,
    empty: 'Nothing rung up yet',
    emptyHint: 'Tap a product, or scan it.',
    total: 'Total',
    taxIncluded: 'Tax included',
    discount: 'Discount',
    addDiscount: 'Discount',
    pay: 'Pay',
    payAmount: (amount: string): string => `Pay ${amount}`,
    orders: 'Tables and orders',
    openOrders: (count: number): string => counted(count, '# open order', '# open orders'),
    show: 'Show the order',
    hide: 'Hide the order',
    nowCosts: (price: string): string => `now ${price}`,
    quantity: (quantity: number): string => `${formatNumber(quantity)} ×`,
  },

  line: {
    quantity: 'Quantity',
    less: 'One less',
    more: 'One more',
    note: 'Note',
    notePlaceholder: 'For the kitchen or the receipt',
    options: 'Change options',
    discount: 'Discount',
    remove: 'Remove',
    done: 'Done',
    each: (price: string): string => `${price} each`,
    priceNow: (price: string): string => `Now ${price}. This line keeps its price.`,
  },

  discount: {
    title: 'Discount on the order',
    percent: 'Percent',
    amount: 'Amount',
    none: 'No discount',
    apply: 'Apply',
    off: (percent: string): string => `−${percent}`,
  },

  pay: {
    title: 'Payment',
    due: 'To pay',
    back: 'Back to the order',
    cash: 'Cash',
    cashExact: 'Cash exact',
    card: 'Card',
    cardHint: 'Charge it at the card machine first; the till records it.',
    given: 'Given',
    change: 'Change',
    short: (amount: string): string => `${amount} short`,
    takeCash: 'Take cash',
    saving: 'Saving…',
  },

  paid: {
    title: 'Paid',
    change: 'Change',
    receipt: 'Receipt',
    print: 'Print',
    next: 'New sale',
  },

  keypad: {
    label: 'Keypad',
    back: 'Delete the last digit',
    clear: 'Clear',
  },

  receipt: {
    title: (number: string): string => `Receipt ${number}`,
    refundTitle: (number: string): string => `Refund ${number}`,
    refundOf: (number: string): string => `Refund of sale ${number}`,
    total: 'Total',
    refunded: 'Given back',
    discount: 'Discount',
    taxAt: (percent: string): string => `Tax ${percent}, included`,
    taxWithout: 'Without tax',
    cash: 'Cash',
    card: 'Card',
    given: 'Given',
    change: 'Change',
    servedBy: (name: string): string => `Served by ${name}`,
    table: (name: string): string => `Table ${name}`,
    thanks: 'Thank you',
    print: 'Print',
    refund: 'Refund',
    back: 'Back',
    loading: 'Reading the receipt',
  },

  refund: {
    title: 'Refund',
    hint: 'Choose what is given back.',
    all: 'All of it',
    of: (quantity: number, sold: number): string => `${formatNumber(quantity)} of ${formatNumber(sold)}`,
    cash: 'Give back in cash',
    card: 'Give back on the card',
    nothing: 'Everything on this receipt was given back already.',
  },

  sales: {
    title: 'Sales',
    back: 'Back to selling',
    none: 'No sales yet',
    noneHint: 'Each sale stands here as soon as it is paid.',
    nothingFound: 'No receipt with that number',
    search: 'Receipt number',
    more: 'Older sales',
    retry: 'Send again',
    refund: 'Refund',
    waiting: (count: number): string => counted(count, '# sale waits to be sent', '# sales wait to be sent'),
    allSent: 'All sales are on the server.',
    state: {
      saved: 'Saved',
      sending: 'Sending',
      accepted: 'Accepted',
      rejected: 'Rejected',
    },
    stateHint: {
      saved: 'Safe on this till; goes to the server by itself.',
      sending: 'On its way to the server.',
      accepted: 'On the server.',
      rejected: 'The server did not take it. It is kept here.',
    },
    export: 'Export',
    exportTitle: 'Export unsent sales',
    exportHint:
      'Writes every unsent sale into an encrypted file on this till. A manager’s PIN and a passphrase of your choice are needed; whoever has the passphrase can read the file.',
    exportPin: 'Manager’s PIN',
    exportPassphrase: 'Passphrase, at least 12 characters',
    exportRun: 'Write the file',
    exported: (count: number): string => counted(count, '# sale written to', '# sales written to'),
  },

  tables: {
    title: 'Tables and orders',
    back: 'Back to selling',
    counter: 'Counter sale',
    noArea: 'Tables',
    none: 'The catalog has no tables',
  },

  staff: {
    title: 'Who is selling?',
    pin: 'PIN',
    enterPin: (name: string): string => `PIN of ${name}`,
    signIn: 'Sign in',
    digits: (count: number): string => counted(count, '# digit entered', '# digits entered'),
    manager: 'Manager',
    cashier: 'Cashier',
    signOutTitle: 'Sales wait to be sent',
    signOutHint:
      'They are safe on this till. A manager can sign out nevertheless: an encrypted export of them is written first.',
  },

  setup: {
    title: 'Set up this till',
    intro: 'Your supplier has given you a license key and an activation code.',
    key: 'License key',
    keyHint: 'Letters, digits and hyphens, like EXTRO-LIFE-ABC123',
    keyWrong: 'A license key has 6 to 64 capital letters, digits and single hyphens.',
    code: 'Activation code',
    codeHint: 'As it stands on the sheet; spaces do not matter.',
    codeWrong: 'The activation code is not complete yet.',
    name: 'Name of this till',
    nameHint: 'Like “Counter 1”: it is shown here and to your supplier.',
    nameWrong: 'Give the till a name.',
    server: 'Server',
    serverHint: 'The address from your supplier, beginning with https://',
    serverWrong: 'The address begins with https://, or http:// on this machine.',
    activate: 'Activate',
    activating: 'Asking the server…',
    ready: 'Looks right',
    loading: 'Loading the catalog',
    loadingBytes: (bytes: number): string => `${formatMegabytes(bytes)} received`,
    connecting: 'Activated. Connecting to the server…',
  },

  activity: {
    title: 'Activity',
    empty: 'No changes yet',
    emptyHint: 'Each change appears here as it is applied.',
    version: (version: number): string => `v${version}`,
    committed: 'Committed',
    received: 'received',
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
    },
  },

  errors: enErrors as typeof enErrors,
};

export type Strings = typeof en;
