// Who may import whom (CONTRIBUTING.md and docs/adr say why). `npm run boundaries` holds the tree to it.

/** The libs from the bottom to the top, each with the ones it stands on. */
const LIBS = {
  kernel: [],
  network: ['kernel'],
  token: ['kernel'],
  permission: ['kernel'],
  scope: ['kernel'],
  path: ['kernel'],
  upstream: ['kernel'],
  directory: ['kernel', 'token'],
  product: ['kernel', 'scope', 'path', 'upstream'],
  access: ['kernel', 'network', 'token', 'permission', 'scope', 'path', 'product', 'upstream'],
  problem: ['kernel', 'network', 'token', 'permission', 'scope', 'path', 'product', 'access'],
  audit: ['kernel', 'network', 'token', 'permission', 'scope', 'path', 'product', 'access'],
};

/** The folders of src in tiers: a folder imports its own tier and those before it. */
const TIERS = [
  ['config', 'common', 'peers', 'workers', 'database', 'metrics', 'keys'],
  ['audit'],
  ['documents'],
  ['settings', 'permissions', 'directory', 'applications', 'tokens'],
  ['identity', 'reminders'],
  ['access', 'sessions', 'oidc'],
  ['gateway', 'forward-auth', 'introspection', 'health', 'console', 'reports'],
];

/** What a pure rule may take from Node: functions of their arguments alone. */
const PURE_CORE_MODULES = '^(node:)?(crypto|zlib|buffer)$';

/** What a pure rule may take from npm. */
const PURE_PACKAGES = '^node_modules/ipaddr\\.js/';

const SPEC = '\\.(spec|e2e-spec|int-spec|arch-spec)\\.ts$';

const libRules = Object.entries(LIBS).map(([lib, below]) => ({
  name: `lib-${lib}`,
  comment: `libs/${lib} stands on ${below.length === 0 ? 'nothing' : below.join(', ')}.`,
  from: { path: `^libs/${lib}/` },
  to: { path: '^libs/', pathNot: `^libs/(${[lib, ...below].join('|')})/` },
}));

const tierRules = TIERS.slice(0, -1).map((tier, index) => ({
  name: `tier-${tier[0]}`,
  comment: `src/{${tier.join(',')}} must not import what is built on top of it.`,
  from: { path: `^src/(${tier.join('|')})/` },
  to: {
    path: `^src/(${TIERS.slice(index + 1)
      .flat()
      .join('|')})/`,
  },
}));

const byItsIndex = (name, from, ...own) => ({
  name,
  comment: 'What a lib does not export is its own business.',
  from: { path: from },
  to: { path: '^libs/[^/]+/', pathNot: ['^libs/[^/]+/index\\.ts$', ...own] },
});

module.exports = {
  forbidden: [
    ...libRules,
    {
      name: 'lib-known',
      comment: 'A new lib gets its place in LIBS first.',
      from: { path: '^libs/', pathNot: `^libs/(${Object.keys(LIBS).join('|')})/` },
      to: {},
    },
    byItsIndex('lib-by-its-index', '^libs/([^/]+)/', '^libs/$1/'),
    byItsIndex('lib-by-its-index-from-outside', '^(src|demo|bench|ormconfig\\.ts)'),
    {
      name: 'lib-without-adapters',
      comment: 'Rules do not import their callers.',
      from: { path: '^libs/' },
      to: { path: '^(src|demo|bench|scripts)/' },
    },
    {
      name: 'lib-pure-core',
      comment: 'A rule does not read a file, a socket or the environment; pass it what it needs.',
      from: { path: '^libs/', pathNot: SPEC },
      to: { dependencyTypes: ['core'], pathNot: PURE_CORE_MODULES },
    },
    {
      name: 'lib-pure-packages',
      comment: 'No Nest, no TypeORM, no HTTP framework in a rule.',
      from: { path: '^libs/', pathNot: SPEC },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'],
        pathNot: PURE_PACKAGES,
      },
    },
    ...tierRules,
    {
      name: 'peers-below',
      comment: 'The database and the workers tell others through src/peers, which does not import them.',
      from: { path: '^src/peers/', pathNot: SPEC },
      to: { path: '^src/(database|workers|metrics)/' },
    },
    {
      name: 'redis-in-peers',
      comment: 'src/peers alone works with Redis.',
      from: { path: '^src/', pathNot: '^src/peers/' },
      to: { path: '^node_modules/(ioredis|rate-limiter-flexible)/' },
    },
    {
      name: 'workers-in-peers',
      comment:
        'src/workers starts and stops the workers, and src/peers talks to them; no other code uses node:cluster.',
      from: { path: '^src/', pathNot: '^src/(peers|workers)/' },
      to: { path: '^(node:)?cluster$', dependencyTypes: ['core'] },
    },
    {
      name: 'folder-known',
      comment: 'A new folder of src gets its place in TIERS first.',
      from: { path: '^src/[^/]+/', pathNot: `^src/(${TIERS.flat().join('|')})/` },
      to: {},
    },
    {
      name: 'composition-on-top',
      comment: 'The files at the top of src put the modules together; no module imports them.',
      from: { path: '^src/[^/]+/', pathNot: SPEC },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'own-tables',
      comment: "A module's tables are its own: ask its service.",
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/.+\\.(entity|repository)\\.ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'no-cycles',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-tests-in-production',
      from: { path: '^(src|libs|demo|ormconfig\\.ts)', pathNot: SPEC },
      to: { path: ['^test/', SPEC] },
    },
    {
      name: 'no-development-packages-in-production',
      from: { path: '^(src|libs|demo|ormconfig\\.ts)', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'demo-from-outside',
      comment: 'The demo shows what can be done from outside: it uses the addresses of the server alone.',
      from: { path: '^demo/' },
      to: { path: '^(src|libs)/' },
    },
    {
      name: 'resolvable',
      from: {},
      to: { couldNotResolve: true },
    },
  ].map((rule) => ({ severity: 'error', ...rule })),
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    // Types are imports, too: a rule that uses only a type of an adapter still depends on it.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
