/** Ends the process with the stack of a bug; later than the socket needs to send the 5.00. */
export const rethrow = (error: unknown): void =>
  void setImmediate(() => {
    throw error;
  });
