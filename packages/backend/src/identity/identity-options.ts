/** How terminals say who they are, and what they are told when they do. */
export interface IdentityOptions {
  /** `token`: by an access token alone. `license-key`: a license key alone is taken too. */
  readonly auth: 'token' | 'license-key';
  /** This deployment's name: the `iss` of access tokens and the `aud` of assertions. */
  readonly issuer: string;
  readonly tokenLifetimeS: number;
  /** Where terminals find the broker; without user and password. */
  readonly terminalAmqpUrls: readonly string[];
  /** How long after an end sales that were taken before may be handed in. */
  readonly salesGraceH: number;
}
