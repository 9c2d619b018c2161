import { isLoopbackHost, PLAINTEXT_VARIABLE } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { TerminalState } from '@tillcast/protocol/http/terminal-api';
import type { SetupAnswer, SetupRequest } from '@tillcast/protocol/http/till-api';
import { parseActivationCode } from '@tillcast/protocol/identity/activation-code';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import type { TerminalConfig } from '../config/terminal-config.ts';
import { activateThisTill } from '../identity/activate-this-till.ts';
import { readIdentity } from '../identity/till-identity.ts';

/** What stands behind the page of a till that is nobody's yet. */
export class SetupDesk {
  readonly #config: TerminalConfig;

  constructor(config: TerminalConfig) {
    this.#config = config;
  }

  setup(): SetupAnswer {
    return { state: 'needed', backend_url: this.#config.syncApiUrl };
  }

  /** What the page shows of a till that holds nothing. */
  state(): TerminalState {
    return {
      license_key: '',
      terminal_id: '',
      terminal_name: this.#config.terminalName ?? '',
      status: 'needs_attention',
      reason: 'This till is not set up yet.',
      reason_code: 'not_set_up',
      behind: null,
      epoch: null,
      version: null,
      digest: null,
      last_proof_at: null,
      next_retry_at: null,
      broker_attached: false,
      clock_ahead_s: null,
      loading: null,
      unsent_sales: 0,
      rejected_sales: 0,
      items: { category: 0, modifier: 0, product: 0, table: 0, user: 0 },
      notices: [],
    };
  }

  /**
   * Activates the till with what was typed. One that was activated meanwhile, from a shell or by another page, is done.
   * @throws TillcastError as `activateTill` does, and `license_key_malformed`, `request_invalid`, `configuration_invalid`
   */
  async activate(request: SetupRequest): Promise<SetupAnswer> {
    const { license_key: typedKey, activation_code: typedCode, name, backend_url: typedUrl } = request;
    const licenseKey = parseLicenseKey(typedKey.trim().toUpperCase());
    const activationCode = parseActivationCode(typedCode);
    if (activationCode === null) {
      // Not repeated: it may be another secret, or nearly this one.
      throw new TillcastError(
        'request_invalid',
        'That is no activation code: six groups of letters and digits.',
      );
    }
    const backendUrl = typedUrl.replace(/\/+$/, '');
    this.#expectServer(backendUrl);
    try {
      await activateThisTill(this.#config, { licenseKey, activationCode, name: name.trim(), backendUrl });
    } catch (error) {
      const isDone = error instanceof TillcastError && error.code === 'already_activated';
      if (!isDone || readIdentity(this.#config.dataDir) === null) throw error;
    }
    return { state: 'loading', backend_url: backendUrl };
  }

  /** Before anything is sent there: the code is a secret, and an activation at another server would be lost at the next start. */
  #expectServer(backendUrl: string): void {
    const { syncApiUrl, plaintextAllowed } = this.#config;
    if (syncApiUrl !== null && syncApiUrl !== backendUrl) {
      throw new TillcastError(
        'configuration_invalid',
        `This till was started for the server ${syncApiUrl} (SYNC_API_URL), and for no other.`,
      );
    }
    const { protocol, hostname } = new URL(backendUrl);
    if (protocol !== 'http:' || plaintextAllowed || isLoopbackHost(hostname)) return;
    throw new TillcastError(
      'configuration_invalid',
      `${backendUrl} would carry the activation code in plain text: the address must begin with https://, or ${PLAINTEXT_VARIABLE}=allowed must say that something else encrypts it.`,
    );
  }
}
