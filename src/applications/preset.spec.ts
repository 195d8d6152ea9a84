import { APPLICATION_KINDS } from '@scopegate/product';
import { describe, expect, it } from 'vitest';
import type { CreateApplicationDto } from './dto/application.dto.js';
import { shownPresets, withPreset } from './preset.js';

const UPSTREAM = 'http://127.0.0.1:8080';

function filled(body: Partial<CreateApplicationDto>): ReturnType<typeof withPreset> {
  return withPreset({ upstream: UPSTREAM, ...body } as CreateApplicationDto);
}

describe('presets', () => {
  it('R73: every kind has one, and each has a name of its own', () => {
    const presets = shownPresets();
    expect([...new Set(presets.map(({ kind }) => kind))]).toEqual(APPLICATION_KINDS);
    expect(new Set(presets.map(({ preset }) => preset)).size).toBe(presets.length);
  });

  it.each(shownPresets())('R73: $preset needs nothing but the address', ({ preset, kind, identity, title }) => {
    const { asked, chosen } = filled({ preset });
    const mount = { pathPrefix: `/${preset}` };
    expect(asked).toEqual({ key: preset, name: title, kind, mount, identity, upstream: UPSTREAM });
    expect(chosen).toMatchObject({ preset, kind, key: preset, mount, identity });
  });

  it('R73: what the client sends takes precedence, and is not among what was chosen', () => {
    const identity = { mode: 'credential', perUser: false, service: { type: 'bearer', secret: 'secret' } } as const;
    const mount = { host: 'git.example.com' };
    const { asked, chosen } = filled({ preset: 'gitlab', key: 'code', mount, identity });
    expect(asked).toEqual({ key: 'code', name: 'GitLab', kind: 'gitlab', mount, identity, upstream: UPSTREAM });
    expect(chosen).not.toHaveProperty('identity');
    expect(chosen).not.toHaveProperty('mount');
    expect(chosen).toMatchObject({ preset: 'gitlab', name: 'GitLab', serviceHeaders: { Sudo: '{username}' } });
  });

  it('R73: another kind than that of the preset is refused', () => {
    expect(() => filled({ preset: 'gitlab', kind: 'jira' })).toThrow();
    expect(filled({ preset: 'gitlab', kind: 'gitlab' }).asked.kind).toBe('gitlab');
  });

  it('R73: without a preset nothing is filled in', () => {
    expect(filled({ kind: 'jira' })).toEqual({ asked: { kind: 'jira', upstream: UPSTREAM }, chosen: null });
  });
});
