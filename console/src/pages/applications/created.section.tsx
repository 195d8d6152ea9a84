import type { ReactNode } from 'react';
import { Facts } from '../../components/facts';
import { LinkButton } from '../../components/link-button';
import { Section } from '../../components/page';
import type { Application } from '../../data/applications';
import { Warnings } from '../../documents/warnings';
import { applicationPath, identityText, mountText } from './application-fields';
import styles from './applications.module.css';
import { CheckSection } from './check.section';
import { Patterns } from './preset-facts';

/** What the preset has chosen for a new application, its warnings, and a first test call. */
export function CreatedSection({ application }: { readonly application: Application }): ReactNode {
  const { key, chosen, version, warnings, readOnlyExceptions, tokenPaths } = application;
  return (
    <>
      <Warnings warnings={warnings} />
      <Section title="What was filled in">
        <div className={styles.fields}>
          {chosen === undefined ? null : <p className={styles.hint}>{chosen.description}</p>}
          <Facts
            facts={[
              ['Clients reach it at', <code key="mount">{mountText(application)}</code>],
              ['Version', version ?? 'not known'],
              ['Identity', identityText(application)],
              ['Counted as reads', <Patterns key="reads" patterns={readOnlyExceptions} otherwise="none" />],
              ['Token paths', <Patterns key="paths" patterns={tokenPaths} otherwise="none" />],
              ['Always blocked', <Patterns key="b" patterns={chosen?.blockedPaths ?? []} otherwise="nothing" />],
            ]}
          />
          <div className={styles.buttons}>
            <LinkButton look="primary" href={applicationPath(key)}>
              Change it
            </LinkButton>
            <LinkButton href="/applications">All applications</LinkButton>
          </div>
        </div>
      </Section>
      <CheckSection applicationKey={key} />
    </>
  );
}
