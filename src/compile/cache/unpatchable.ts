/** Thrown where a change means more than can be told without compiling everything; says why, for the log. */
export class Unpatchable extends Error {}
