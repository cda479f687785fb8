import type { Requests } from "./requests.ts";

export const stream = "release-2026-11";

/** The four tasks, with what a team writes down of each. */
export const tasks = [
  {
    id: "release-2026-11-changelog",
    title: "Write the changelog from the merged pull requests",
    description:
      "Go through everything that was merged since the last tag, group it by what users notice, leave out what they do not, and write two sentences on each. Ask the author where the pull request does not say why.",
    agent: "writer-1",
    steps: ["Reading the merged pull requests", "Grouping by area", "Asking the authors", "Writing", "Proofreading"],
  },
  {
    id: "release-2026-11-migrations",
    title: "Try the database migrations on a copy of production",
    description:
      "Restore last night's backup into a scratch cluster, run all migrations forwards and backwards, and compare the row counts and the checksums of the twelve largest tables with the ones before.",
    agent: "operator-2",
    steps: ["Restoring the backup", "Migrating forwards", "Comparing tables", "Migrating backwards", "Comparing again"],
  },
  {
    id: "release-2026-11-load",
    title: "Run the load test against the candidate",
    description:
      "Deploy the candidate to the staging cluster, drive it with the recorded traffic of last Friday at one and a half times its rate for an hour, and hold latency and errors against those of the last release.",
    agent: "tester-1",
    steps: [
      "Deploying the candidate",
      "Warming up",
      "Driving recorded traffic",
      "Collecting traces",
      "Comparing latency",
    ],
  },
  {
    id: "release-2026-11-docs",
    title: "Bring the documentation up to date with the new settings",
    description:
      "Three settings are new and one is gone. Find every page that names them, correct it, run all examples of these pages against the candidate, and have the screenshots taken anew where they show the settings.",
    agent: "writer-2",
    steps: ["Searching the pages", "Correcting them", "Running the examples", "Taking screenshots", "Checking links"],
  },
] as const;
type Work = (typeof tasks)[number];

const metadataOf = ({ description, agent, steps }: Work, percent: number) => ({
  description,
  agent,
  priority: "high",
  labels: ["release", "november"],
  step: steps[Math.min(steps.length - 1, Math.floor((percent / 100) * steps.length))],
  percent,
  tokensUsed: 1_200 * percent,
});

export async function createWork(backend: Requests): Promise<void> {
  await backend.post("/api/streams", { id: stream, name: "Release of November" });
  for (const work of tasks) {
    await backend.post("/api/tasks", {
      id: work.id,
      title: work.title,
      streamId: stream,
      metadata: metadataOf(work, 0),
    });
  }
}

/** A task is further by so much. One that is through is completed. */
export async function advance(backend: Requests, work: Work, percent: number): Promise<void> {
  const status = percent >= 100 ? "completed" : "in_progress";
  await backend.patch(`/api/tasks/${work.id}`, { status, metadata: metadataOf(work, percent) });
}

/** Where the work would be taken up again. */
export async function keepCheckpoint(backend: Requests, work: Work, percent: number): Promise<void> {
  await backend.post(`/api/tasks/${work.id}/checkpoints`, {
    label: `${metadataOf(work, percent).step}, ${percent} %`,
    state: {
      cursor: `item-${percent * 37}`,
      done: Array.from({ length: 8 }, (_, index) => `item-${percent * 37 - index}`),
      scratch: `s3://agents-scratch/${work.id}/${percent}.tar.zst`,
    },
  });
}
