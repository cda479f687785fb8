import { Select } from "@mantine/core";

interface LevelSelectProps<Level extends string> {
  levels: readonly Level[];
  level: Level;
  choose(level: NoInfer<Level>): void;
}

export function LevelSelect<const Level extends string>({ levels, level, choose }: LevelSelectProps<Level>) {
  return (
    <Select
      label="Level"
      data={levels}
      value={level}
      onChange={(value) => choose(levels.find((known) => known === value) ?? level)}
      allowDeselect={false}
      w={140}
    />
  );
}
