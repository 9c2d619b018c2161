import type { TillModifier } from '../catalog/items.ts';
import type { Choice } from '../counter/shapes.ts';

/** What is chosen of each group: ids of options by id of the modifier, in the order of choosing. */
export type Choices = ReadonlyMap<string, readonly string[]>;

/**
 * What a new line begins with: where one must be chosen and exactly one option changes nothing of the price, that
 * one, since it is what the tile's price means. All else is for the cashier to choose.
 */
export function firstChoices(groups: readonly TillModifier[]): Choices {
  return new Map(
    groups.map((group) => {
      const plain = group.options.filter(({ priceDelta }) => priceDelta === 0);
      const [only] = plain;
      const begins = group.minChoices === 1 && group.maxChoices === 1 && plain.length === 1;
      return [group.id, begins && only !== undefined ? [only.id] : []] as const;
    }),
  );
}

/** The choices of a line that is there already. */
export function choicesOf(groups: readonly TillModifier[], chosen: readonly Choice[]): Choices {
  return new Map(
    groups.map((group) => {
      const ids = chosen.filter(({ modifier_id }) => modifier_id === group.id).map((each) => each.option_id);
      return [group.id, ids.filter((id) => group.options.some((option) => option.id === id))] as const;
    }),
  );
}

/**
 * The choices after an option was tapped: it is taken, or given back. Where one is all that may be chosen it takes
 * the other's place; a full group stays as it is; the one of a group that needs one is not given back.
 */
export function afterTap(choices: Choices, group: TillModifier, optionId: string): Choices {
  const before = choices.get(group.id) ?? [];
  const after = (): readonly string[] => {
    if (before.includes(optionId)) {
      return group.maxChoices === 1 && group.minChoices === 1
        ? before
        : before.filter((id) => id !== optionId);
    }
    if (group.maxChoices === 1) return [optionId];
    return before.length < group.maxChoices ? [...before, optionId] : before;
  };
  return new Map([...choices, [group.id, after()]]);
}

/** The first group that needs more; null when the line can be sold as it is. */
export function firstLacking(groups: readonly TillModifier[], choices: Choices): TillModifier | null {
  return groups.find((group) => (choices.get(group.id)?.length ?? 0) < group.minChoices) ?? null;
}

/** Whether there is nothing left to choose: each group was tapped, and none takes more. */
export function isDone(
  groups: readonly TillModifier[],
  choices: Choices,
  tapped: ReadonlySet<string>,
): boolean {
  return groups.every(
    (group) => tapped.has(group.id) && (choices.get(group.id)?.length ?? 0) >= group.maxChoices,
  );
}

/** The choices in the order of the groups, and of their options, as receipts list them. */
export function listed(groups: readonly TillModifier[], choices: Choices): readonly Choice[] {
  return groups.flatMap((group) => {
    const chosen = choices.get(group.id) ?? [];
    return group.options
      .filter(({ id }) => chosen.includes(id))
      .map(({ id }) => ({ modifier_id: group.id, option_id: id }));
  });
}
