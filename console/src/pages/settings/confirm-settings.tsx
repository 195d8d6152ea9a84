import type { ReactNode } from 'react';
import { ConfirmDialog } from '../../components/dialog';
import { Notice } from '../../components/notice';
import type { Settings } from '../../data/settings';
import { OWN_ADDRESS_WARNING } from './setting-fields';
import styles from './settings.module.css';

/** Why a save of the settings is asked about first. */
export type ReasonToAsk =
  { readonly kind: 'own-address'; readonly message: string } | { readonly kind: 'passwords-off' };

/**
 * Only about what is new.
 * @param after what the server says the change would give
 */
export function reasonsToAsk(before: Settings, after: Settings): readonly ReasonToAsk[] {
  const reasons: ReasonToAsk[] = [];
  const ownAddress = after.warnings.find(({ code }) => code === OWN_ADDRESS_WARNING);
  const isNew = !before.warnings.some(({ code }) => code === OWN_ADDRESS_WARNING);
  if (ownAddress !== undefined && isNew) reasons.push({ kind: 'own-address', message: ownAddress.message });
  if (before.passwords.enabled && !after.passwords.enabled) reasons.push({ kind: 'passwords-off' });
  return reasons;
}

interface ConfirmSettingsProps {
  /** None: nothing is asked. */
  readonly reasons: readonly ReasonToAsk[];
  readonly isBusy: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

/** Before a change that locks the saver out, or stops scripts. */
export function ConfirmSettings({ reasons, isBusy, onClose, onConfirm }: ConfirmSettingsProps): ReactNode {
  const isLockout = reasons.some(({ kind }) => kind === 'own-address');
  return (
    <ConfirmDialog
      isOpen={reasons.length > 0}
      onClose={onClose}
      title={isLockout ? 'This would refuse your own address' : 'Switch passwords off?'}
      description={
        <div className={styles.reasons}>
          {reasons.map((reason) =>
            reason.kind === 'own-address' ? (
              <Notice key={reason.kind} kind="bad">
                {reason.message}
              </Notice>
            ) : (
              <PasswordsOff key={reason.kind} />
            ),
          )}
        </div>
      }
      action={isLockout ? 'Save anyway' : 'Switch off'}
      isBusy={isBusy}
      onConfirm={onConfirm}
    />
  );
}

function PasswordsOff(): ReactNode {
  return (
    <Notice kind="warning" title="Passwords stop working at all applications within a second">
      Scripts that still use one are refused. {/* A tab of its own: what was changed on this page stays. */}
      <a href="/console/overview" target="_blank" rel="noreferrer">
        The overview shows who still uses passwords (new tab).
      </a>{' '}
      You can switch them on again at any time.
    </Notice>
  );
}
