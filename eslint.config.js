import tseslint from 'typescript-eslint';

const everyFolder = ['gateway', 'media', 'dialog', 'adapters', 'templates', 'bench', 'console', 'config'];

/**
 * Folders a folder may import from; `/types` after a name means types only. Adapters also take values from gateway/ports,
 * the errors that the interfaces there promise, and their tests the servers of gateway/testing. The drawing is in ARCHITECTURE.md.
 */
const mayImport = {
  config: [],
  dialog: [],
  media: ['config'],
  templates: ['config', 'dialog/types'],
  adapters: ['config', 'media', 'dialog', 'gateway/types'],
  gateway: ['config', 'media', 'dialog', 'templates'],
  bench: ['config', 'media', 'dialog', 'templates', 'adapters', 'gateway'],
};

const exceptions = {
  'dialog config': '(?!limits\\.js)',
  'adapters gateway': '(?!ports/)',
  'adapters gateway in tests': '(?!ports/|testing/)',
};

function importRules(folder, where = '') {
  const patterns = [];
  for (const other of everyFolder) {
    if (other === folder || mayImport[folder].includes(other)) continue;
    const typesOnly = mayImport[folder].includes(`${other}/types`);
    const exception = exceptions[`${folder} ${other}${where}`] ?? '';
    patterns.push({
      regex: `^(\\.\\./)+${other}/${exception}`,
      allowTypeImports: typesOnly,
      message: `${folder}/ must not import ${typesOnly ? 'values from ' : ''}${other}/ (see ARCHITECTURE.md, import rules).`,
    });
  }
  if (folder === 'dialog') {
    patterns.push({
      regex: '^node:',
      message: 'dialog/ is pure: effects are actions, performed by the gateway.',
    });
  }
  return patterns;
}

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['*.js', '*.ts'] } } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      eqeqeq: ['error', 'always'],
      'max-lines': ['error', { max: 500 }],
    },
  },
  {
    files: ['console/**/*.ts'],
    ignores: ['console/**/*.test.ts', 'console/testing/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '^(\\.\\./)+(config|dialog|media|templates|adapters|bench|gateway/(?!websocket/protocol\\.js))',
              message:
                'console/ runs in browsers: of ours it may import gateway/websocket/protocol.js alone.',
            },
            {
              regex: '^[^.]',
              message: 'console/ runs in browsers without a bundler: no packages, no node:.',
            },
          ],
        },
      ],
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'srcdoc'].map((property) => ({
          property,
          message: 'Texts of messages become text nodes (textContent, append), never markup.',
        })),
      ],
    },
  },
  {
    files: ['console/client/**/*.ts'],
    ignores: ['console/client/**/*.test.ts', 'console/client/browser.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'fetch', 'WebSocket', 'localStorage', 'sessionStorage', 'document'],
        ...['window', 'navigator', 'performance', 'crypto'],
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes in through the constructor.' },
        { object: 'Math', property: 'random', message: 'Randomness comes in through the constructor.' },
      ],
    },
  },
  {
    // A classic script has no imports: one would make it a module.
    files: ['console/widget/widget.ts'],
    rules: { '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }] },
  },
  ...Object.keys(mayImport).map((folder) => ({
    files: [`${folder}/**/*.ts`],
    ignores:
      folder === 'gateway' ? ['gateway/main.ts', 'gateway/**/*.test.ts', 'gateway/**/testing/*.ts'] : [],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: importRules(folder) }] },
  })),
  {
    files: ['adapters/**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: importRules('adapters', ' in tests') },
      ],
    },
  },
  {
    files: ['dialog/**/*.ts'],
    ignores: ['dialog/**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'fetch',
        'process',
        'performance',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'dialog/ is pure: time comes in as an event.' },
        { object: 'Math', property: 'random', message: 'dialog/ is pure: randomness comes in as an event.' },
      ],
    },
  },
  {
    files: ['dialog/**/*.test.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
);
