import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import poolerSafe from 'eslint-plugin-pooler-safe'
import tseslint from 'typescript-eslint'
import poolerSafeConfig from './pooler-safe.config.mjs'

const { exclude, ...settings } = poolerSafeConfig

export default defineConfig(
  globalIgnores(['**/dist/**', '**/coverage/**', '**/.cache/**', '.pooler-safe/**', 'packages/*/fixtures/**']),
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
  // Our own plugin on our own code, with what the audit knows about it: no suppression is needed in what is built on the wrapper.
  poolerSafe.configs.recommended,
  { settings: { 'pooler-safe': settings } },
  {
    files: exclude,
    rules: Object.fromEntries(Object.keys(poolerSafe.configs.recommended.rules).map((name) => [name, 'off'])),
  },
)
