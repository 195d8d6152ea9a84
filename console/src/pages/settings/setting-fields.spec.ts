import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTING_FIELDS, SETTING_OF_WARNING, settingLabel } from './setting-fields';

const root = resolve(import.meta.dirname, '../../../..');
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');

interface Schema {
  readonly properties: Readonly<Record<string, { readonly $ref?: string }>>;
}

describe('the fields of the settings', () => {
  it('R102: the page has a field for every setting of the API', () => {
    const { components } = JSON.parse(read('docs/openapi.json')) as {
      readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
    };
    const sections = Object.entries(components.schemas['SettingsPatch']?.properties ?? {});
    const members = sections.flatMap(([section, { $ref = '' }]) => {
      const schema = components.schemas[$ref.slice($ref.lastIndexOf('/') + 1)];
      return Object.keys(schema?.properties ?? {}).map((member) => `${section}.${member}`);
    });
    expect(members.length).toBeGreaterThan(15);
    expect(members.filter((member) => !SETTING_FIELDS.includes(member))).toEqual([]);
  });

  it('R102: every warning about the settings has a field', () => {
    // Other modules add warnings to those of the settings. Those of applications stand at the top: they name the application.
    const files = readdirSync(resolve(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('-warning.ts') && !file.endsWith('application-warning.ts'),
    );
    const codes = files.flatMap((file) =>
      [...read(`src/${file}`).matchAll(/code: '(\w+)'/g)].map(([, code = '']) => code),
    );
    expect(codes).toContain('reminders_not_mailed');
    expect(codes.length).toBeGreaterThan(9);
    expect(codes.filter((code) => !Object.hasOwn(SETTING_OF_WARNING, code))).toEqual([]);
    const fields = Object.values(SETTING_OF_WARNING);
    expect(fields.filter((field) => settingLabel(field) === undefined)).toEqual([]);
  });
});
