import type { LicenseKey } from '@tillcast/protocol/license-key';

/** SQL as the application’s own role, within a transaction for one license. */
export interface SqlProbe extends AsyncDisposable {
  /**
   * Runs a statement, and undoes whatever it did.
   * @returns the rows; rejects with the database’s error
   */
  run(licenseKey: LicenseKey, statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}
