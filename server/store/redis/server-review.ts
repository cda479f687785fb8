/** The configuration of a Redis server, as far as it can be read. */
export interface ServerFacts {
  /** The reply to `INFO`; `undefined`: this user may not run it. */
  info: string | undefined;
  /** `undefined`: this user may not run `CONFIG GET`, as with most managed services. */
  appendfsync: string | undefined;
}

/** What is wrong with the configuration of a Redis server and what to do about it, as sentences. */
export interface ServerReview {
  /** Faults with which Signalbox does not start. */
  faults: readonly string[];
  warnings: readonly string[];
}

const oldestMajor = 7;

/** Checks that the Redis server will not lose accepted events. Settings that cannot be read are assumed to be right. */
export function reviewServer({ info, appendfsync }: ServerFacts, isProduction: boolean): ServerReview {
  const faults: string[] = [];
  const warnings: string[] = [];
  const grave = isProduction ? faults : warnings;
  if (info === undefined) {
    grave.push(
      "this user may not run INFO, so lost history would go unnoticed after a failover: allow it (ACL SETUSER … +info)",
    );
    return { faults, warnings };
  }
  const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];

  if (value("cluster_enabled") === "1") {
    faults.push("it is a node of a Redis Cluster, which is not supported: use a Redis with cluster-enabled no");
  }
  const version = value("redis_version");
  if (version && Number.parseInt(version, 10) < oldestMajor) {
    faults.push(`it is Redis ${version}: use ${oldestMajor}.0 or later`);
  }
  const policy = value("maxmemory_policy");
  if (policy?.startsWith("allkeys-")) {
    grave.push(
      `its maxmemory-policy is ${policy}, which silently deletes conversations and revocations: set it to noeviction`,
    );
  } else if (policy?.startsWith("volatile-")) {
    warnings.push(`its maxmemory-policy is ${policy}, which silently deletes logs and ids: set it to noeviction`);
  }
  if (value("aof_enabled") === "0") {
    warnings.push("it has no append-only file, so its restart loses accepted events: set appendonly yes");
  } else if (appendfsync !== undefined && appendfsync !== "always") {
    warnings.push(
      `its appendfsync is ${appendfsync}, so a crash of its machine can lose accepted events: set it to always`,
    );
  }
  return { faults, warnings };
}
