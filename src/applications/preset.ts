import { PRESETS, productOf, type ApplicationKind, type Preset } from '@scopegate/product';
import { invalidField } from '../common/http/problem.exception.js';
import type { CreateApplicationDto } from './dto/application.dto.js';
import type { ChosenDto, PresetDto } from './dto/preset.dto.js';
import { present } from './member-check.js';

/** R73: all, in the order of the kinds. */
export function shownPresets(): readonly PresetDto[] {
  return [...PRESETS.values()].map(({ kind, preset }) => shownPreset(kind, preset));
}

/**
 * R73: fills in what the client has left out.
 * @returns `chosen`: null without a preset
 * @throws a 400 if the preset and the kind contradict each other
 */
export function withPreset({ preset: wanted, ...asked }: CreateApplicationDto): {
  readonly asked: CreateApplicationDto;
  readonly chosen: ChosenDto | null;
} {
  const found = wanted === undefined ? undefined : PRESETS.get(wanted);
  if (found === undefined) return { asked, chosen: null };
  const { kind, preset } = found;
  const sent = present(asked);
  if (sent.kind !== undefined && sent.kind !== kind) {
    throw invalidField('kind', `must be ${kind} with the preset "${preset.name}": leave one of them out.`);
  }
  const key = sent.key ?? preset.name;
  const { identity, title, ...shown } = shownPreset(kind, preset);
  const choices = { key, name: title, mount: { pathPrefix: `/${key}` }, identity };
  const chosen = Object.fromEntries(Object.entries(choices).filter(([member]) => !(member in sent)));
  return { asked: { ...asked, ...chosen, kind }, chosen: { ...shown, ...chosen } };
}

function shownPreset(kind: ApplicationKind, { name, title, description, identity }: Preset): PresetDto {
  const { proposedExceptions, proposedTokenPaths, blockedPaths, whoAmI, health, actAs } = productOf(kind);
  return structuredClone({
    preset: name,
    kind,
    title,
    description,
    identity,
    proposals: proposedExceptions,
    tokenPaths: proposedTokenPaths,
    blockedPaths,
    whoAmI: whoAmI?.path ?? null,
    health,
    serviceHeaders: actAs.templates,
  }) as PresetDto;
}
