/**
 * Key of a group of this instance's connections that receive the same events: the name of a room, or a subscription's
 * pattern or filter.
 */
export type Channel = string;
