/** How much of something one key may use: `quota` at once, and again in every `windowS`, evenly. */
export interface LimitPolicy {
  readonly name: string;
  readonly quota: number;
  readonly windowS: number;
}

/**
 * Every limit there is. A backend counts for itself: with several behind one address, a caller may use each
 * of them as much.
 *
 * The measure is a shop of 50 tills behind one address. At rest each asks about six times a minute (a report
 * every 10 to 15 s, a token every 7 minutes): 5 requests a second. When the line comes back all of them ask
 * at once, four to eight requests each (token, delta, its pages, report): 400 within seconds.
 */
export const POLICIES: Readonly<
  Record<
    | 'address'
    | 'activationAddress'
    | 'activationFailures'
    | 'activationLicense'
    | 'tokenAddress'
    | 'tokenTerminal'
    | 'terminal'
    | 'admin',
    LimitPolicy
  >
> = {
  /** Everything from one address, before anyone is believed: seven such shops returning at once, and 60 at rest. */
  address: { name: 'address', quota: 3_000, windowS: 10 },
  /** What activates a till costs a slow hash. A roll-out: 60 tills at once, then one every 10 s. */
  activationAddress: { name: 'activation-address', quota: 60, windowS: 600 },
  /** Wrong codes for one license key from one address: 20 errors of typing at once, then one every 30 s. */
  activationFailures: { name: 'activation-failures', quota: 20, windowS: 600 },
  /** Wrong codes for one license key from all addresses: 50 that guess, of which only such as have are refused. */
  activationLicense: { name: 'activation-license', quota: 1_000, windowS: 600 },
  /** What a token costs: two signatures. 600 tills behind one address at once, then 10 a second. */
  tokenAddress: { name: 'token-address', quota: 600, windowS: 60 },
  /** One till needs a token every 7 minutes; with the shortest life, 5 s, every 3.5 s. */
  tokenTerminal: { name: 'token-terminal', quota: 40, windowS: 60 },
  /** One till that has been admitted: a long delta's pages come one after the other, 20 a second. */
  terminal: { name: 'terminal', quota: 200, windowS: 10 },
  /** The holder of the API key: single prices by the hundred; what is more goes by the thousand in one request. */
  admin: { name: 'admin', quota: 3_000, windowS: 10 },
};

const LICENSE_BASE_QUOTA = 200;
const LICENSE_QUOTA_PER_TERMINAL = 20;
const LICENSE_MAX_QUOTA = 6_000;

/**
 * All terminals of one license together, after admission: it grows with the terminals that it may have (ten:
 * 400 at once and 40 a second, of which they need 80 and 2), and ends where one license would crowd out the
 * others (600 a second).
 */
export function licensePolicy(terminalsMax: number): LimitPolicy {
  const quota = Math.min(LICENSE_BASE_QUOTA + LICENSE_QUOTA_PER_TERMINAL * terminalsMax, LICENSE_MAX_QUOTA);
  return { name: 'license', quota, windowS: 10 };
}
