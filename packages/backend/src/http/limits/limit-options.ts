/** Who may ask how much. */
export interface LimitOptions {
  /** `off`: rates and connections of an address are not bounded; sizes and pressure always are. */
  readonly rates: 'default' | 'off';
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Milliseconds that only ever grow; left out: the machine's. */
  readonly nowMs?: () => number;
}
