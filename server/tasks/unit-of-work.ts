import type { Envelope } from "../../shared/envelope.ts";
import type { Sender } from "../../shared/sender.ts";
import { stamp } from "../publish/stamp.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Documents } from "../store/documents/documents.ts";
import type { DocumentChange, Transaction } from "../store/documents/transactions.ts";
import {
  type Decision,
  indexesOf,
  type ReadSet,
  type RecordByKind,
  type RecordKind,
  type Snapshot,
  type WrittenRecord,
} from "./task-records.ts";

interface Entry<Value> {
  value: Value;
  /** The version that was read; 0: the document did not exist. */
  version: number;
  isWritten: boolean;
}

type Entries = { [Kind in RecordKind]: Map<string, Entry<RecordByKind[Kind]>> };

/** A transaction that is being built: documents as they were read, with the changes so far. */
export class UnitOfWork implements Snapshot {
  readonly #entries: Entries = { task: new Map(), stream: new Map(), checkpoint: new Map() };
  readonly #events: Envelope[] = [];
  #length = 0;

  /** Reads all documents that the changes may read or write. Rejects with `unavailable`. */
  static async read(documents: Documents, changes: readonly ReadSet[]): Promise<UnitOfWork> {
    const work = new UnitOfWork();
    const all = <Id>(idsOf: (change: ReadSet) => readonly Id[]) => changes.flatMap(idsOf);
    await Promise.all([
      work.#read(
        documents,
        "task",
        all(({ tasks = [] }) => tasks),
      ),
      work.#read(
        documents,
        "checkpoint",
        all(({ checkpoints = [] }) => checkpoints),
      ),
    ]);
    const ofTasks = [...work.#entries.task.values()].flatMap(({ value }) => value.task.streamId ?? []);
    await work.#read(documents, "stream", [...all(({ streams = [] }) => streams), ...ofTasks]);
    return work;
  }

  /** The length of the written documents and events as JSON, in characters. */
  get length(): number {
    return this.#length;
  }

  get transaction(): Transaction {
    const documents = [...this.#changesOf("task"), ...this.#changesOf("stream"), ...this.#changesOf("checkpoint")];
    return { documents, events: this.#events };
  }

  get<Kind extends RecordKind>(kind: Kind, id: string): RecordByKind[Kind] | undefined {
    return this.#entries[kind].get(id)?.value;
  }

  /** Adds the result of a decision. If an event does not fit its definition, throws and adds nothing. */
  apply({ documents, events: decided }: Decision<unknown>, sender: Sender | null, clock: Clock): void {
    const events = decided.map(({ definition, room, data }) => stamp(clock, definition, { room, data, sender }));
    for (const document of documents) this.#write(document);
    this.#events.push(...events);
    this.#length += JSON.stringify([documents, events]).length;
  }

  async #read<Kind extends RecordKind>(documents: Documents, kind: Kind, wanted: readonly string[]): Promise<void> {
    const ids = [...new Set(wanted)];
    const found = await documents.getMany<RecordByKind[Kind]>(kind, ids);
    for (const [index, id] of ids.entries()) {
      const document = found[index];
      if (document) this.#entries[kind].set(id, { ...document, isWritten: false });
    }
  }

  #write<Kind extends RecordKind>({ kind, id, value }: WrittenRecord<Kind>): void {
    const version = this.#entries[kind].get(id)?.version ?? 0;
    this.#entries[kind].set(id, { value, version, isWritten: true });
  }

  #changesOf<Kind extends RecordKind>(kind: Kind): DocumentChange[] {
    const written = [...this.#entries[kind]].filter(([, { isWritten }]) => isWritten);
    return written.map(([id, { value, version }]) => ({
      kind,
      id,
      value,
      expected: version,
      options: { indexes: indexesOf[kind](value) },
    }));
  }
}
