import { type Check, skipped, well } from '../check.ts';

/** Whether this backend's secret key opens the deployment's signing keys. */
export const secretKey: Check = {
  id: 'database.secret-key',
  title: 'Secret key',
  expected: 'it opens the signing keys of the database',
  judge: ({ database }) => {
    if (!database.known) return skipped(database.why);
    if (!database.value.reached) return skipped('the database does not answer');
    const { signingKeys } = database.value.facts;
    if (signingKeys === null || signingKeys.stored === 0) return skipped('there are no signing keys yet');
    const { stored, sealedBy } = signingKeys;
    if (sealedBy === 'ours') return well(`it opens all ${stored}`);
    if (sealedBy === 'no_key_here') {
      return skipped('there is no TILLCAST_SECRET_KEY here, nor a file secret-key in the data directory');
    }
    const fault = {
      grade: 'failure' as const,
      what: 'TILLCAST_SECRET_KEY',
      observed: 'it does not open the signing keys',
      expected: 'the one that the other backends of this database have',
      cause:
        'two backends have different secret keys, or it was made anew: this one does not start (secret_unreadable)',
      mend: 'copy TILLCAST_SECRET_KEY (or the file secret-key) from a backend that runs',
    };
    return { outcome: 'faulty', faults: [fault] };
  },
};
