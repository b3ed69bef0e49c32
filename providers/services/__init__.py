"""What people and the worker do with providers: test, sync, stop, keep keys."""
