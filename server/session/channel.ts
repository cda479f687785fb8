/**
 * A group of this instance's connections that get the same events: those who have joined a room (its name is the
 * room's), or who watch what matches a pattern.
 */
export type Channel = string;
