import { type Check, type Fault, skipped, verdictOf } from '../check.ts';

/** Whether the backend's own login can do at the broker what it has to. */
export const brokerPublishing: Check = {
  id: 'broker.publishing',
  title: 'Publishing',
  expected: 'the login in AMQP_URL finds the exchange and may publish a change',
  judge: ({ lines }) => {
    if (!lines.known) return skipped(lines.why);
    const open = lines.value.filter(({ node }) => node !== null);
    if (open.length === 0) return skipped('no address of the broker lets the backend in');
    const faults = open.flatMap(({ address, attempts }) =>
      attempts.flatMap(({ what, refused }): readonly Fault[] =>
        refused === null
          ? []
          : [
              {
                grade: 'failure',
                what: `${what} at ${address}`,
                observed: refused,
                expected: 'done, and confirmed',
                cause: refused.includes('did not answer')
                  ? 'the broker takes nothing: an alarm is in force there'
                  : 'the exchange is not there, or the user in AMQP_URL may not write to it',
                mend: 'tillcast broker audit, and then tillcast broker provision',
              },
            ],
      ),
    );
    return verdictOf(faults, 'a change for nobody was confirmed');
  },
};
