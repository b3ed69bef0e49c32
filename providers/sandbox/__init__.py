"""The simulator of the five vendors over real HTTP, in a process of its own: for demo, tests and benchmarks."""
