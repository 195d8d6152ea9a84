import { expect, it } from 'vitest';
import { readConfiguration } from '../../src/config/env.js';
import { readSource } from '../architecture/source-tree.js';
import { startScopegateFixture } from '../support/scopegate.fixture.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const ALERTS = readSource('deploy/prometheus/alerts.yml');
const DASHBOARD = readSource('deploy/grafana/scopegate.json');
const UNIT = readSource('deploy/systemd/scopegate.service');
const MANIFESTS = readSource('deploy/kubernetes/scopegate.yaml');

/** Draining, requests under way, and what a stop takes beyond them with the defaults, in seconds. */
const LONGEST_STOP_SECONDS = 30;

it('R66: every metric of the alert rules and of the dashboard is one of /metrics', async () => {
  const folder = createTemporaryFolder('deploy').path;
  const server = await startScopegateFixture({ env: { SCOPEGATE_AUDIT_FILE: `${folder}/audit.log` } });
  try {
    const text = await (await fetch(`${server.managementUrl}/metrics`)).text();
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]));
    for (const [name, source] of Object.entries({ ALERTS, DASHBOARD })) {
      const names = new Set(
        [...source.matchAll(/\b(?:scopegate|process|nodejs)_[a-z0-9_]+\b/g)].map(([found]) =>
          found.replace(/_(bucket|sum|count)$/, ''),
        ),
      );
      expect(names.size, name).toBeGreaterThan(8);
      expect(
        [...names].filter((found) => !known.has(found)),
        name,
      ).toEqual([]);
    }
  } finally {
    await server.stop();
  }
});

it('R79: the service manager and Kubernetes wait for as long as a stop may take', () => {
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(UNIT)?.[1])).toBeGreaterThanOrEqual(LONGEST_STOP_SECONDS);
  const grace = /terminationGracePeriodSeconds: (\d+)/.exec(MANIFESTS)?.[1];
  expect(Number(grace)).toBeGreaterThanOrEqual(LONGEST_STOP_SECONDS);
});

it('R66: the unit and the manifests start what npm start and the image start, with settings that there are', () => {
  const { scripts } = JSON.parse(readSource('package.json')) as { scripts: Record<string, string> };
  // One file has the flags, and every way to start runs it.
  expect(readSource('bin/scopegate')).toMatch(/exec node \\\n {2}--/);
  expect(scripts['start']).toBe('bin/scopegate');
  expect(UNIT).toContain('ExecStart=/opt/scopegate/bin/scopegate\n');
  expect(readSource('Dockerfile')).toContain('CMD ["bin/scopegate"]');
  expect(readSource('compose.yaml')).toContain('exec bin/scopegate');
  const settings = [...MANIFESTS.matchAll(/name: ((?:SCOPEGATE|DATABASE)_[A-Z_]+), value: '?([^'\s}]+)/g)];
  expect(settings.length).toBeGreaterThan(6);
  const given = settings
    .map((match) => [match[1] ?? '', match[2] ?? ''] as const)
    .filter(([name]) => !name.endsWith('_FILE'));
  expect(readConfiguration(Object.fromEntries(given))).toMatchObject({ managementPort: 3001, dataDirectory: '/data' });
});

it('R66: the dashboard is what Grafana takes: panels with a query each, and places that do not overlap', () => {
  const { panels } = JSON.parse(DASHBOARD) as {
    panels: { id: number; title: string; gridPos: Record<'x' | 'y', number>; targets: { expr: string }[] }[];
  };
  expect(panels.length).toBeGreaterThan(12);
  for (const { targets, title } of panels) expect(targets.length, title).toBeGreaterThan(0);
  expect(new Set(panels.map(({ gridPos }) => `${gridPos.x},${gridPos.y}`)).size).toBe(panels.length);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});
