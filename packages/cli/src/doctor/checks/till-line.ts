import { type Check, type Fault, skipped, verdictOf } from '../check.ts';

/** Whether the broker lets this machine's till listen. */
export const tillLine: Check = {
  id: 'till.line',
  title: 'The till’s line',
  expected: 'with its token it may declare its queue and bind it',
  judge: ({ tillLines }) => {
    if (!tillLines.known) return skipped(tillLines.why);
    const faults = tillLines.value.flatMap(
      ({ address, unreachable, refused, attempts }): readonly Fault[] => {
        const base = { grade: 'failure' as const, expected: 'it lets the till listen' };
        if (unreachable !== null) {
          const cause =
            'the broker is down, or a firewall keeps this till from it: changes come by its questions, every 10 to 15 s';
          const mend = 'the operator: TILLCAST_TERMINAL_AMQP_URLS names the address that tills can reach';
          return [{ ...base, what: address, observed: unreachable, cause, mend }];
        }
        if (refused !== null) {
          const cause = refused.message.includes('certificate')
            ? 'what answers there cannot show that it is the broker; see Certificates'
            : 'the broker does not take the token: it lacks the keys (jwks_url), its clock is off, the till is shut out, or three connections are open already';
          const mend = 'the operator: tillcast broker config, and tillcast keys list';
          return [{ ...base, what: address, observed: refused.message, cause, mend }];
        }
        return attempts.flatMap(({ what, refused: said }): readonly Fault[] =>
          said === null
            ? []
            : [
                {
                  ...base,
                  what: `${what} at ${address}`,
                  observed: said,
                  cause: 'the token’s scopes do not allow it, or the exchange is not there',
                  mend: 'tillcast terminal token --json; the operator: tillcast broker audit',
                },
              ],
        );
      },
    );
    return verdictOf(faults, tillLines.value.map(({ address }) => `${address} lets it listen`).join('; '));
  },
};
