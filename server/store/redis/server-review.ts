/** What is known of how a Redis is set up. */
export interface ServerFacts {
  /** The answer of `INFO`; `undefined`: this user may not ask. */
  info: string | undefined;
  /** `undefined`: this user may not ask, as with most managed services. */
  appendfsync: string | undefined;
}

/** What is wrong with how a Redis is set up, and what to do about it; one sentence each. */
export interface ServerReview {
  /** With these the server does not start. */
  faults: readonly string[];
  warnings: readonly string[];
}

const oldestMajor = 7;

/** Judges whether events that Redis accepts are safe there. What a server does not say of itself is taken for good. */
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
