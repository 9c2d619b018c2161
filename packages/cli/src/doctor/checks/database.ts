import { type Check, skipped, well } from '../check.ts';

/** Whether the database answers. */
export const database: Check = {
  id: 'database.reached',
  title: 'Database',
  expected: 'it answers',
  judge: ({ database: told }) => {
    if (!told.known) return skipped(told.why);
    const { value } = told;
    if (value.reached) return well(`PostgreSQL ${value.facts.serverVersion} at ${value.facts.address}`);
    const isLogin = /password|role|authentication|no pg_hba/i.test(value.why);
    const isMissing = /database ".*" does not exist/.test(value.why);
    const fault = {
      grade: 'failure' as const,
      what: `PostgreSQL at ${value.address}`,
      observed: value.why,
      expected: 'it answers',
      cause: isLogin
        ? 'user or password in DATABASE_URL are not those of the database'
        : isMissing
          ? 'DATABASE_URL names a database that was not made, or another server'
          : 'it does not run there, or a firewall is between: nothing is committed, and tills go on with what they have',
      mend: isLogin
        ? 'psql "$DATABASE_URL" -c "select 1"'
        : isMissing
          ? 'createdb, on its server; then tillcast server makes the schema'
          : 'on its machine: systemctl start postgresql, and pg_isready',
    };
    return { outcome: 'faulty', faults: [fault] };
  },
};
