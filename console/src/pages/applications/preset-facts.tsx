import type { ReactNode } from 'react';
import { Facts } from '../../components/facts';
import type { Preset } from '../../data/applications';
import { identityText } from './application-fields';
import { patternText, type PathPattern } from './path-lines';
import styles from './applications.module.css';

/** What a preset fills in. */
export function PresetFacts({ preset }: { readonly preset: Omit<Preset, 'title'> }): ReactNode {
  return (
    <Facts
      facts={[
        ['Identity', identityText(preset)],
        ['Proposed reads', <Patterns key="reads" patterns={preset.proposals} otherwise="none" />],
        ['Files beside REST', <Patterns key="files" patterns={preset.tokenPaths} otherwise="none" />],
        ['Always blocked', <Patterns key="blocked" patterns={preset.blockedPaths} otherwise="nothing" />],
        ['Asks who the user is', preset.whoAmI === null ? 'no call for it' : <code key="who">{preset.whoAmI}</code>],
      ]}
    />
  );
}

interface PatternsProps {
  readonly patterns: readonly PathPattern[];
  readonly otherwise: string;
}

export function Patterns({ patterns, otherwise }: PatternsProps): ReactNode {
  if (patterns.length === 0) return otherwise;
  return (
    <details>
      <summary>{patterns.length === 1 ? '1 path' : `${patterns.length} paths`}</summary>
      <ul className={styles.list}>
        {patterns.map((pattern) => (
          <li key={patternText(pattern)}>
            <code>{patternText(pattern)}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}
