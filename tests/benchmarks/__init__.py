"""Benchmarks: the engine beside other ways to solve the same instance, in the same run. No test times anything.

`python -m tests.benchmarks [--profile quick|full] [--json FILE]`; needs the extra `benchmark`.
"""
