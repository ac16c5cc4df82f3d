/**
 * How two nodes speak of a migration: `CLUSTER IMPORT`, said by the source to the target, on a connection as clients make it. Each
 * is answered when it has been carried out, in the order in which they came.
 *
 *   BEGIN version name source slots   OK; WAIT: later, keys of these slots are still being removed here
 *   COPY name bytes                   more of an RDB of some of the slots; another one begins behind its end
 *   CHANGES name bytes                whole commands, of slots whose RDB has come
 *   READY name                        everything before this has been applied: the highest epoch that is known here
 *   TAKE name epoch                   the slots are yours from now on, if it is not too late
 *   OUTCOME name slots                TAKEN or NO, and if NO then for ever
 *
 * A target that closes the connection, or answers an error, has given up.
 */
import { ReplyError } from "../../base/reply-error.ts";
import type { Word } from "../../client/connection.ts";
import type { Io } from "../../io/io.ts";
import type { Endpoint } from "../../io/net.ts";

export const PROTOCOL = 1;

/** How the other node is reached. */
export interface Peer {
  readonly io: Io;
  readonly endpoint: Endpoint;
  readonly username: Word | undefined;
  readonly password: Word | undefined;
}

const err = (text: string) => new ReplyError("ERR", text);

export const errorsOfMigration = {
  stranger: (id: string) =>
    new ReplyError("NOATOMIC", `the target ${id} does not know atomic slot migration: use CLUSTER SETSLOT and MIGRATE`),
  refused: ({ message }: ReplyError) => err(`The target node refused: ${message}`),
  failed: (message: string) => err(`Slot migration failed: ${message}`),
  badSlots: err("Invalid slots: ranges such as 0-99 are wanted, none of them twice"),
  unknownNode: (id: string) => err(`Unknown node ${id}`),
  notTheirs: (slot: number) => err(`Hash slot ${slot} is not the source's, as far as the target knows`),
  notOwner: (slot: number) => err(`I'm not the owner of hash slot ${slot}`),
  moving: (slot: number) => err(`Slot ${slot} is being moved by CLUSTER SETSLOT`),
  underWay: err("A slot migration is under way: wait for its end, or cancel it"),
  toMyself: err("The slots are here already: the target is this node"),
  notPrimary: err("Only a primary can hand over slots, and only to a primary"),
  clusterDown: new ReplyError("CLUSTERDOWN", "The cluster is down"),
  noAddress: err("The target node cannot be reached now"),
  badName: err("Invalid name of a migration: letters and digits are wanted"),
  unknownJob: err("No such slot migration is under way here"),
  nameTaken: err("A slot migration of that name is under way here"),
  noEpoch: err("That is no epoch"),
  version: err("The nodes speak different versions of the migration's protocol"),
  hasKeys: (slot: number) => err(`There are keys of slot ${slot} here already: remove them first`),
  full: err("There is no memory left for the keys of these slots (maxmemory)"),
};
