/** The poolers and gateways that the catalogue speaks about, by key. */
export const poolers = {
  pgbouncer: 'PgBouncer',
  supavisor: 'Supavisor',
  odyssey: 'Odyssey',
  pgagroal: 'pgagroal',
  pgdog: 'PgDog',
  pgcat: 'PgCat',
  pgpool: 'Pgpool-II',
  multigres: 'Multigres',
  'rds-proxy': 'Amazon RDS Proxy',
  neon: 'Neon',
  'prisma-postgres': 'Prisma Postgres',
  'edb-pgd': 'EDB PGD Connection Manager',
  'postgres-pro': 'Postgres Pro built-in pooler',
  scaleway: 'Scaleway Serverless SQL',
  proxysql: 'ProxySQL',
} as const

export type PoolerKey = keyof typeof poolers
