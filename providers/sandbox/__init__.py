"""The five vendors over real HTTP, in one process of their own: for the demo, the tests and the benchmarks."""
