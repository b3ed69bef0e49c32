"""What sends: reserves due calls, passes the commit point, writes what the vendor answered."""
