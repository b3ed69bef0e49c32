"""The worker: a supervisor and the processes that do the background work, none of which shares a lock with another."""
