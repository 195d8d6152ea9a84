import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { Dialog } from '../../components/dialog';
import { Facts } from '../../components/facts';
import { OutcomeBadge } from '../../components/outcome-badge';
import { Time, TIME_ZONE } from '../../components/time';
import type { AuditEvent } from '../../data/audit';
import styles from './audit.module.css';

interface EventDialogProps {
  /** Null if none is open. */
  readonly event: AuditEvent | null;
  readonly onClose: () => void;
}

/** Everything that is known of one event. */
export function EventDialog({ event, onClose }: EventDialogProps): ReactNode {
  if (event === null) return null;
  const facts = factsOf(event).filter(([, value]) => value !== null);
  return (
    <Dialog isOpen onClose={onClose} title={event.type} isWide>
      <Facts facts={facts} />
      {event.detail === null ? null : <pre className={styles.detail}>{JSON.stringify(event.detail, null, 2)}</pre>}
      {event.requestId === null || event.outcome === 'changed' ? null : (
        <Link href={`/explain?requestId=${encodeURIComponent(event.requestId)}`}>
          Show how it was judged, stage by stage
        </Link>
      )}
    </Dialog>
  );
}

function code(text: string | null): ReactNode {
  return text === null ? null : <code>{text}</code>;
}

function factsOf(event: AuditEvent): readonly (readonly [string, ReactNode])[] {
  const request = event.method === null ? null : `${event.method} ${event.path ?? ''}`;
  return [
    [`Time (${TIME_ZONE})`, <Time key="time" at={event.at} isExact />],
    ['Time (UTC)', event.at],
    ['Outcome', <OutcomeBadge key="outcome" outcome={event.outcome} />],
    ['Times', event.count > 1 ? event.count : null],
    ['Reason', code(event.code)],
    ['User', event.actor],
    ['Owner of the token', event.owner],
    ['Token', event.tokenId === null ? null : `${event.tokenId} ${event.tokenDescription ?? ''}`],
    ['Scope', event.tokenScope],
    ['Credential', event.credential],
    ['Client address', event.clientIp],
    ['Peer address', event.peer],
    ['Request', code(request)],
    ['Application', event.application],
    ['Status', event.status],
    ['Refused by the application', event.upstreamRefused ? 'yes' : null],
    ['Time to the answer', event.durationMs === null ? null : `${event.durationMs} ms`],
    ['User agent', event.userAgent],
    ['Door', event.door],
    ['Request id', code(event.requestId)],
    ['Event', code(event.id)],
  ];
}
