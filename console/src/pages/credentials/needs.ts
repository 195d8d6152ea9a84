import type { OwnApplication } from '../../data/own-applications';
import type { Deposit } from '../../data/own-credentials';

/** An application that calls with a credential of one's own, and the one that is stored for it. */
export interface Need {
  readonly key: string;
  readonly name: string;
  /** Null: it is still missing. */
  readonly deposit: Deposit | null;
  /** False: the application takes none any more, so that it can only be removed. */
  readonly isTaken: boolean;
}

/** What is missing comes first, then what does not work; each by name. */
export function needsOf(applications: readonly OwnApplication[], deposits: readonly Deposit[]): readonly Need[] {
  const byKey = new Map(deposits.map((deposit) => [deposit.application, deposit]));
  const taking = applications.filter(({ takesCredential }) => takesCredential);
  const takingKeys = new Set(taking.map(({ key }) => key));
  const names = new Map(applications.map(({ key, name }) => [key, name]));
  const needs: Need[] = [
    ...taking.map(({ key, name }) => ({ key, name, deposit: byKey.get(key) ?? null, isTaken: true })),
    ...deposits
      .filter(({ application }) => !takingKeys.has(application))
      .map((deposit) => {
        const { application: key } = deposit;
        return { key, name: names.get(key) ?? key, deposit, isTaken: false };
      }),
  ];
  return needs.sort((one, other) => urgency(one) - urgency(other) || one.name.localeCompare(other.name));
}

function urgency({ deposit, isTaken }: Need): number {
  if (!isTaken) return 3;
  if (deposit === null) return 0;
  return deposit.state === 'working' ? 2 : 1;
}
