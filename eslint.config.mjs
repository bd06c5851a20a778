import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import poolerSafe from 'eslint-plugin-pooler-safe'
import tseslint from 'typescript-eslint'

export default defineConfig(
  globalIgnores([
    '**/dist/**',
    '**/coverage/**',
    '**/.cache/**',
    '.pooler-safe/**',
    'packages/eslint-plugin/fixtures/**',
  ]),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    files: ['**/test/**/*.ts', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'URL', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
  {
    // What the dashboard serves to browsers.
    files: ['examples/dashboard/assets/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          ...['document', 'location', 'navigator', 'confirm', 'fetch', 'addEventListener', 'matchMedia'],
          ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
          ...['DOMParser', 'Event', 'EventSource', 'FormData', 'Node', 'URLSearchParams'],
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  // Our own plugin on our own code: in everything that is built on the wrapper no suppression is needed.
  poolerSafe.configs.recommended,
  { settings: { 'pooler-safe': { wrapper: ['pooler-safe', '**/packages/pooler-safe/src/**'] } } },
  {
    // Tests prove what the hazards do and what the guards refuse: they are hazardous on purpose. So is what they start.
    files: ['**/test/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: Object.fromEntries(Object.keys(poolerSafe.configs.recommended.rules).map((name) => [name, 'off'])),
  },
  {
    // The testkit judges the wrapper, and must not share code with it; the doctor looks at what a raw client meets.
    files: ['packages/testkit/src/**/*.ts', 'packages/cli/src/doctor/**/*.ts'],
    rules: { 'pooler-safe/no-raw-execute': 'off' },
  },
  {
    // Data: the SQL that the catalogue and the rule pages warn of.
    files: [
      'packages/hazards/src/catalogue/**/*.ts',
      'packages/eslint-plugin/scripts/rule-texts.ts',
      'examples/dashboard/src/pooler/hazard-trials.ts',
    ],
    rules: {
      'pooler-safe/no-hazard-in-body': 'off',
      'pooler-safe/no-session-lock': 'off',
      'pooler-safe/no-session-state': 'off',
    },
  },
)
