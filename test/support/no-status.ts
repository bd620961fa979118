import { createStanding } from "../../agent/standing.ts";
import type { StatusBoard } from "../../agent/status.ts";

const board: StatusBoard = { refreshMs: null, show() {} };

/** For a run that nobody asks how it is. */
export const noStatus = { standing: createStanding(), board };
