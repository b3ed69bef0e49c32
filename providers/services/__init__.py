"""Operations on providers for people and the worker: test, sync, stop, store keys, compare accounts, map words."""
