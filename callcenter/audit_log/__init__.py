"""The page of the audit log: who did what to which thing, when, from where, in plain words."""
