/**
 * The root block of a stream, in words of 32 bits. What has two words has the high one first.
 *
 *   0 encoding   1 2 entries   3 4 entries ever added   5-8 last ID   9-12 ID of the first entry
 *   13-16 greatest ID ever deleted   17-22 the nodes (node-list.ts)   23-25 table of groups; its last word is 0 while there is none
 */
import { HEADER_WORDS } from "../../memory/element-table.ts";
import { LIST_WORDS } from "./node-list.ts";

export const LENGTH = 1;
export const ADDED = 3;
export const LAST_ID = 5;
export const FIRST_ID = 9;
export const MAX_DELETED = 13;
export const NODES = 17;
export const GROUPS: number = NODES + LIST_WORDS;
/** The word of the table's header that says where its heads are. */
export const GROUPS_HEADS: number = GROUPS + HEADER_WORDS - 1;
export const ROOT_WORDS: number = GROUPS + HEADER_WORDS;
