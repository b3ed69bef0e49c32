"""What every room needs: who may be called, how a call changes, its events, stop-all, leases, the clock, paging."""
