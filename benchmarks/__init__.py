"""Benchmarks: each measures the product and a named baseline in the same run and prints the ratio; see README.md."""
