import { type Check, verdictOf } from '../check.ts';

/** Variables that look like ours and that nothing reads. */
export const variables: Check = {
  id: 'variables',
  title: 'Variables',
  expected: 'none that is misspelt',
  judge: ({ variables: strange }) =>
    verdictOf(
      strange.map(({ name, meant }) => ({
        // Without our prefix it may be somebody else's.
        grade: meant !== null && name.startsWith('TILLCAST_') ? ('failure' as const) : ('warning' as const),
        what: name,
        observed: 'set, and nothing reads it',
        expected: meant === null ? 'a variable of Tillcast' : `${meant}, probably`,
        cause: 'a slip of the finger, or a variable of another version: what it says has no effect',
        mend: meant === null ? `unset ${name}` : `export ${meant}="$${name}" && unset ${name}`,
      })),
      'none strange',
    ),
};
