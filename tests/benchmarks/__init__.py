"""Benchmarks: the engine beside other ways to solve the same instance, in the same run. No test times anything.

`python -m tests.benchmarks [--profile quick|full] [--row TEXT] [--json FILE] [--readme FILE]`; extra `benchmark`.
"""
